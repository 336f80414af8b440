// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Objects;

/**
 * What a module becomes.
 *
 * @param quantizedModule the type that takes its place
 * @param qconfig how it is quantized; if that is not at all, the original stays
 */
@JsonPropertyOrder({"quantized_module", "qconfig"})
public record QuantizedModuleConfig(
    @JsonProperty("quantized_module") QuantizedModuleType quantizedModule,
    @JsonProperty("qconfig") QuantizationConfig qconfig) {

  public QuantizedModuleConfig {
    Objects.requireNonNull(quantizedModule, "quantized_module is missing");
    Objects.requireNonNull(qconfig, "qconfig is missing");
  }
}
