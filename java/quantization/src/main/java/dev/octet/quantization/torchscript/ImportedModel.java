// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import org.bytedeco.pytorch.Module;

/**
 * A model that was imported.
 *
 * @param model the tree of modules, in the modes in which the file has them
 * @param report what was found and what became of it
 */
public record ImportedModel(Module model, ImportReport report) {}
