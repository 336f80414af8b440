// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.tree.ModuleNode;
import java.util.Optional;

/**
 * What a map does with one module of a model.
 *
 * @param node the module and where it stands
 * @param decision what happens, and why
 * @param config the entry that applies, if one does
 * @param input the input quantizer that is put in front, if any
 */
public record PlannedModule(
    ModuleNode node,
    Decision decision,
    Optional<QuantizedModuleConfig> config,
    Optional<ActivationQuantConfig> input) {}
