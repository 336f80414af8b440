// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/** The kinds of range estimator. */
public enum RangeEstimatorType {
  /** The range of the last batch, or its percentiles. */
  CURRENT_MINMAX("current_minmax", CurrentMinMaxParameters.class, CurrentMinMaxParameters::new),
  /** The range of all batches. */
  ALLMINMAX("allminmax", AllMinMaxParameters.class, AllMinMaxParameters::new),
  /** A moving average of the batches' ranges. */
  RUNNING_MINMAX("running_minmax", RunningMinMaxParameters.class, RunningMinMaxParameters::new),
  /** The range with the least squared error. */
  MSE("MSE", MseParameters.class, MseParameters::new),
  /** The range with the least cross entropy of the softmax. */
  CROSS_ENTROPY("cross_entropy", CrossEntropyParameters.class, CrossEntropyParameters::new);

  private final String jsonName;
  private final Class<? extends RangeEstimatorParameters> parametersClass;
  private final Supplier<? extends RangeEstimatorParameters> defaults;

  <P extends RangeEstimatorParameters> RangeEstimatorType(
      String jsonName, Class<P> parametersClass, Supplier<P> defaults) {
    this.jsonName = jsonName;
    this.parametersClass = parametersClass;
    this.defaults = defaults;
  }

  /** Returns the name in configuration files. */
  @JsonValue
  public String jsonName() {
    return jsonName;
  }

  /** Returns the names of all kinds in configuration files. */
  public static List<String> jsonNames() {
    return Arrays.stream(values()).map(RangeEstimatorType::jsonName).toList();
  }

  /**
   * Returns the constant of a name in configuration files.
   *
   * @throws IllegalArgumentException if there is none
   */
  @JsonCreator
  public static RangeEstimatorType ofJsonName(String name) {
    for (RangeEstimatorType type : values()) {
      if (type.jsonName.equals(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "range_estimator is '" + name + "', expected one of " + jsonNames());
  }

  /** Returns the class of the parameters of this kind. */
  public Class<? extends RangeEstimatorParameters> parametersClass() {
    return parametersClass;
  }

  /** Returns the default parameters of this kind. */
  public RangeEstimatorParameters defaultParameters() {
    return defaults.get();
  }
}
