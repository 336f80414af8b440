// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.lower.LoweringReport;
import org.bytedeco.pytorch.Module;

/**
 * A model that runs in integers a module at a time.
 *
 * @param model the model, to be closed by {@code ModuleTree.close} as any other
 * @param report what runs how, and why
 * @param <M> the type of the model
 */
public record IntegerModel<M extends Module>(M model, LoweringReport report) {}
