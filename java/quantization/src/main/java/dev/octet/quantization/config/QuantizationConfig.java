// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Objects;

/**
 * How a module is quantized: its outputs and its weight. Biases stay in floats.
 *
 * @param activationQuant what happens to outputs
 * @param weightQuant what happens to the weight
 */
@JsonPropertyOrder({"activation_quant", "weight_quant"})
public record QuantizationConfig(
    @JsonProperty("activation_quant") ActivationQuantConfig activationQuant,
    @JsonProperty("weight_quant") WeightQuantConfig weightQuant) {

  public QuantizationConfig {
    Objects.requireNonNull(activationQuant, "activation_quant is missing");
    Objects.requireNonNull(weightQuant, "weight_quant is missing");
  }

  /**
   * Returns the default configuration with these bit widths: symmetric, running min-max for
   * activations, current min-max over whole tensors for weights.
   */
  public static QuantizationConfig ofBits(int weightBits, int activationBits) {
    return new QuantizationConfig(
        ActivationQuantConfig.ofBits(activationBits), WeightQuantConfig.ofBits(weightBits));
  }

  /** Tells whether anything is to be quantized. */
  public boolean enabled() {
    return activationQuant.enabled() || weightQuant.enabled();
  }
}
