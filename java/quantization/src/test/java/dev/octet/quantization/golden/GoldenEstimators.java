// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.estimator.AllMinMaxParameters;
import dev.octet.quantization.estimator.CrossEntropyParameters;
import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.RunningMinMaxParameters;

/** Estimator parameters from a case's {@code estimator} and {@code options}. */
final class GoldenEstimators {
  private GoldenEstimators() {}

  static RangeEstimatorParameters parameters(JsonNode params) {
    RangeEstimatorType type = RangeEstimatorType.ofJsonName(params.get("estimator").asText());
    JsonNode options = params.path("options");
    if (type == RangeEstimatorType.CURRENT_MINMAX) {
      GoldenCase.requireNames("options", options, "percentile");
      return new CurrentMinMaxParameters(optionalDouble(options.path("percentile")));
    }
    if (type == RangeEstimatorType.ALLMINMAX) {
      GoldenCase.requireNames("options", options);
      return new AllMinMaxParameters();
    }
    if (type == RangeEstimatorType.RUNNING_MINMAX) {
      GoldenCase.requireNames("options", options, "momentum");
      return RunningMinMaxParameters.of(optionalDouble(options.path("momentum")));
    }
    GoldenCase.requireNames("options", options, "opt_method", "num_candidates", "range_margin");
    RangeOptMethod method =
        options.hasNonNull("opt_method")
            ? RangeOptMethod.ofJsonName(options.get("opt_method").asText())
            : null;
    Integer count =
        options.hasNonNull("num_candidates") ? options.get("num_candidates").asInt() : null;
    Double margin = optionalDouble(options.path("range_margin"));
    return type == RangeEstimatorType.MSE
        ? MseParameters.of(method, count, margin)
        : CrossEntropyParameters.of(method, count, margin);
  }

  private static Double optionalDouble(JsonNode node) {
    return node.isNumber() ? node.asDouble() : null;
  }
}
