// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.QuantizerOptions;

/** Makes quantization managers from configurations. */
final class Quantizers {
  private Quantizers() {}

  static QuantizationManager ofActivations(ActivationQuantConfig config) {
    return new QuantizationManager(
        QuantizationMethod.of(config.symmetric()),
        QuantizerOptions.ofBits(config.nBits()),
        config.rangeEstimatorParams());
  }

  static QuantizationManager ofWeights(WeightQuantConfig config) {
    return new QuantizationManager(
        QuantizationMethod.of(config.symmetric()),
        QuantizerOptions.ofBits(config.nBits()).withPerChannel(config.perChannel()),
        config.rangeEstimatorParams());
  }
}
