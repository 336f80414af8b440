// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.estimator.AllMinMaxParameters;
import dev.octet.quantization.estimator.CrossEntropyParameters;
import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.RunningMinMaxParameters;
import java.util.List;
import java.util.Map;

/** Makes a map of its JSON form. */
final class QuantizationMapReader {
  private static final String PARAMS = "range_estimator_params";

  private final Map<String, QuantizedModuleType> types;

  QuantizationMapReader(Map<String, QuantizedModuleType> types) {
    this.types = types;
  }

  private interface Part<T> {
    T read(LocatedJson json) throws QuantizationMapException;
  }

  QuantizationMap map(LocatedJson json) throws QuantizationMapException {
    Map<String, LocatedJson> fields =
        json.membersOf(
            List.of(
                "default_qconfig",
                "append_default_conversions",
                "module_qconfig_map",
                "instance_qconfig_map",
                "input_activation_qconfig_map",
                "excluded_modules"));
    QuantizationMap.Builder builder = QuantizationMap.builder();
    QuantizationConfig defaults = optional(fields.get("default_qconfig"), this::config);
    if (defaults != null) {
      builder.defaultQConfig(defaults);
    }
    for (Map.Entry<String, LocatedJson> entry : entries(fields, "module_qconfig_map")) {
      builder.module(entry.getKey(), moduleConfig(entry.getValue()));
    }
    for (Map.Entry<String, LocatedJson> entry : entries(fields, "instance_qconfig_map")) {
      builder.instance(entry.getKey(), moduleConfig(entry.getValue()));
    }
    for (Map.Entry<String, LocatedJson> entry : entries(fields, "input_activation_qconfig_map")) {
      builder.input(entry.getKey(), activations(entry.getValue()));
    }
    List<LocatedJson> excluded = optional(fields.get("excluded_modules"), LocatedJson::elements);
    if (excluded != null) {
      for (LocatedJson path : excluded) {
        builder.exclude(path.string("the dotted path of a module"));
      }
    }
    QuantizationMap map = builder.build();
    Boolean append = optional(fields.get("append_default_conversions"), LocatedJson::bool);
    return Boolean.TRUE.equals(append) ? Conversion.appendDefaultConversions(map) : map;
  }

  private static <T> T optional(LocatedJson json, Part<T> part) throws QuantizationMapException {
    return json == null || json.isNull() ? null : part.read(json);
  }

  private static Iterable<Map.Entry<String, LocatedJson>> entries(
      Map<String, LocatedJson> fields, String name) throws QuantizationMapException {
    Map<String, LocatedJson> entries = optional(fields.get(name), LocatedJson::members);
    return entries == null ? List.of() : entries.entrySet();
  }

  private QuantizedModuleConfig moduleConfig(LocatedJson json) throws QuantizationMapException {
    json.membersOf(List.of("quantized_module", "qconfig"));
    LocatedJson name = json.required("quantized_module");
    String expected =
        "one of " + types.keySet() + " (a type of your own must be given to the reader)";
    QuantizedModuleType type = types.get(name.string(expected));
    if (type == null) {
      throw name.wrong("is '" + name.string(expected) + "', expected " + expected);
    }
    return new QuantizedModuleConfig(type, config(json.required("qconfig")));
  }

  private QuantizationConfig config(LocatedJson json) throws QuantizationMapException {
    json.membersOf(List.of("activation_quant", "weight_quant"));
    return new QuantizationConfig(
        activations(json.required("activation_quant")), weights(json.required("weight_quant")));
  }

  private ActivationQuantConfig activations(LocatedJson json) throws QuantizationMapException {
    json.membersOf(List.of("n_bits", "symmetric", "range_estimator", PARAMS));
    LocatedJson bits = json.required("n_bits");
    int nBits = bits.integer();
    boolean symmetric = json.required("symmetric").bool();
    RangeEstimatorType estimator = estimator(json);
    RangeEstimatorParameters parameters = parameters(json, estimator);
    return checked(bits, b -> new ActivationQuantConfig(nBits, symmetric, estimator, parameters));
  }

  private WeightQuantConfig weights(LocatedJson json) throws QuantizationMapException {
    Map<String, LocatedJson> fields =
        json.membersOf(List.of("n_bits", "symmetric", "range_estimator", PARAMS, "per_channel"));
    LocatedJson bits = json.required("n_bits");
    int nBits = bits.integer();
    boolean symmetric = json.required("symmetric").bool();
    RangeEstimatorType estimator = estimator(json);
    RangeEstimatorParameters parameters = parameters(json, estimator);
    LocatedJson channels = fields.get("per_channel");
    boolean perChannel = channels != null && channels.bool();
    return checked(
        bits, b -> new WeightQuantConfig(nBits, symmetric, estimator, parameters, perChannel));
  }

  private static RangeEstimatorType estimator(LocatedJson json) throws QuantizationMapException {
    return checked(
        json.required("range_estimator"),
        name ->
            RangeEstimatorType.ofJsonName(name.string("one of " + RangeEstimatorType.jsonNames())));
  }

  private static RangeEstimatorParameters parameters(LocatedJson json, RangeEstimatorType type)
      throws QuantizationMapException {
    LocatedJson parameters = json.members().get(PARAMS);
    return optional(parameters, p -> checked(p, j -> parametersOf(type, j)));
  }

  private static RangeEstimatorParameters parametersOf(RangeEstimatorType type, LocatedJson json)
      throws QuantizationMapException {
    return switch (type) {
      case CURRENT_MINMAX -> {
        Map<String, LocatedJson> fields = json.membersOf(List.of("percentile"));
        yield new CurrentMinMaxParameters(optional(fields.get("percentile"), LocatedJson::number));
      }
      case ALLMINMAX -> {
        json.membersOf(List.of());
        yield new AllMinMaxParameters();
      }
      case RUNNING_MINMAX -> {
        Map<String, LocatedJson> fields = json.membersOf(List.of("momentum"));
        yield RunningMinMaxParameters.of(optional(fields.get("momentum"), LocatedJson::number));
      }
      case MSE -> {
        Search search = Search.of(json);
        yield MseParameters.of(search.method, search.candidates, search.margin);
      }
      case CROSS_ENTROPY -> {
        Search search = Search.of(json);
        yield CrossEntropyParameters.of(search.method, search.candidates, search.margin);
      }
    };
  }

  private record Search(RangeOptMethod method, Integer candidates, Double margin) {
    static Search of(LocatedJson json) throws QuantizationMapException {
      Map<String, LocatedJson> fields =
          json.membersOf(List.of("range_opt_method", "num_candidates", "range_margin"));
      return new Search(
          optional(
              fields.get("range_opt_method"),
              j -> checked(j, name -> RangeOptMethod.ofJsonName(name.string("a search method")))),
          optional(fields.get("num_candidates"), LocatedJson::integer),
          optional(fields.get("range_margin"), LocatedJson::number));
    }
  }

  /** Reads a part whose own checks say what is wrong, but not where. */
  private static <T> T checked(LocatedJson json, Part<T> part) throws QuantizationMapException {
    try {
      return part.read(json);
    } catch (IllegalArgumentException e) {
      throw json.wrong(e.getMessage());
    }
  }
}
