// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.QuantizerOptions;
import dev.octet.quantization.quantizer.ScaleDomain;
import java.util.OptionalInt;

/** Quantizer settings from a case's parameters. */
final class GoldenQuantizers {
  private GoldenQuantizers() {}

  static QuantizationMethod method(JsonNode params) {
    String method = params.get("method").asText();
    return switch (method) {
      case "sym" -> QuantizationMethod.SYMMETRIC_UNIFORM;
      case "asym" -> QuantizationMethod.ASYMMETRIC_UNIFORM;
      default -> throw new AssertionError("unknown method '" + method + "'");
    };
  }

  static QuantizerOptions options(JsonNode params) {
    return new QuantizerOptions(
        params.get("n_bits").asInt(),
        params.path("per_channel").asBoolean(false),
        optionalInt(params.path("axis")),
        ScaleDomain.ofJsonName(params.path("scale_domain").asText("linear")),
        params.path("eps").asDouble(QuantizerOptions.DEFAULT_EPS));
  }

  static OptionalInt optionalInt(JsonNode node) {
    return node.isInt() ? OptionalInt.of(node.asInt()) : OptionalInt.empty();
  }

  static boolean isLog(JsonNode params) {
    return params.path("scale_domain").asText("linear").equals("log");
  }
}
