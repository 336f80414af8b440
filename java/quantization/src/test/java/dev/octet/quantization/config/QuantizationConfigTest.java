// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.estimator.AllMinMaxParameters;
import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.RunningMinMaxParameters;
import dev.octet.quantization.module.QuantizedModules;
import java.util.List;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantizationConfigTest {
  private static void refused(String words, Executable action) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    assertTrue(message.contains(words), message);
  }

  @ParameterizedTest
  @ValueSource(ints = {17, 32, Integer.MAX_VALUE})
  void bitsHaveALimit(int bits) {
    refused("n_bits is " + bits + ", expected at most 16", () -> WeightQuantConfig.ofBits(bits));
    refused(
        "n_bits is " + bits + ", expected at most 16", () -> ActivationQuantConfig.ofBits(bits));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
  void noBitsAreNoQuantization(int bits) {
    assertFalse(WeightQuantConfig.ofBits(bits).enabled());
    assertFalse(ActivationQuantConfig.ofBits(bits).enabled());
    assertFalse(QuantizationConfig.ofBits(bits, bits).enabled());
    assertTrue(QuantizationConfig.ofBits(bits, 1).enabled());
    assertTrue(QuantizationConfig.ofBits(16, bits).enabled());
  }

  @Test
  void estimatorsTakeTheirOwnParameters() {
    refused(
        "RunningMinMaxParameters, which belong to running_minmax, but range_estimator is MSE,"
            + " which takes MseParameters",
        () ->
            WeightQuantConfig.builder()
                .rangeEstimator(RangeEstimatorType.MSE, new RunningMinMaxParameters(0.5))
                .build());
    refused(
        "range_estimator is missing, expected one of [current_minmax",
        () -> ActivationQuantConfig.builder().rangeEstimator((RangeEstimatorType) null).build());
  }

  @ParameterizedTest
  @EnumSource
  void estimatorsHaveDefaults(RangeEstimatorType type) {
    ActivationQuantConfig config = ActivationQuantConfig.builder().rangeEstimator(type).build();
    assertEquals(type.defaultParameters(), config.rangeEstimatorParams());
    assertEquals(type.parametersClass(), config.rangeEstimatorParams().getClass());
    assertEquals(config, config.toBuilder().build());
  }

  @Test
  void estimatorParametersHaveLimits() {
    refused("momentum is 1.5, expected 0 to 1", () -> new RunningMinMaxParameters(1.5));
    refused("momentum is NaN", () -> new RunningMinMaxParameters(Double.NaN));
    refused("percentile is 101", () -> new CurrentMinMaxParameters(101.0));
    refused("num_candidates is 0", () -> new MseParameters(RangeOptMethod.GRID, 0, 0.5));
    refused("range_margin is -1", () -> new MseParameters(RangeOptMethod.GRID, 10, -1));
  }

  @Test
  void mapsAreValues() {
    QuantizationMap.Builder builder =
        QuantizationMap.builder()
            .module(LinearImpl.class, QuantizedModules.LINEAR, QuantizationConfig.ofBits(8, 8))
            .exclude("a");
    QuantizationMap map = builder.build();
    assertEquals(map, builder.build());
    assertEquals(map.hashCode(), builder.build().hashCode());
    assertEquals(map, map.toBuilder().build());
    builder.exclude("b").input("c", ActivationQuantConfig.ofBits(4));
    assertEquals(List.of("a"), List.copyOf(map.excludedModules()));
    assertNotEquals(map, builder.build());
    assertThrows(UnsupportedOperationException.class, () -> map.excludedModules().add("d"));
    assertThrows(UnsupportedOperationException.class, () -> map.instanceQConfigMap().clear());
    assertTrue(map.toString().contains("Linear"), map.toString());
  }

  private static final class Mine extends Module {}

  @Test
  void typesAreKnownByTheNamesOfTheReference() {
    assertEquals("Linear", QuantizationMap.typeName(LinearImpl.class));
    assertEquals(Mine.class.getName(), QuantizationMap.typeName(Mine.class));
  }

  @Test
  void partsMustBeThere() {
    String message =
        assertThrows(
                NullPointerException.class,
                () -> new QuantizationConfig(null, WeightQuantConfig.ofBits(8)))
            .getMessage();
    assertEquals("activation_quant is missing", message);
    assertEquals(
        new ActivationQuantConfig(8, true, RangeEstimatorType.ALLMINMAX, new AllMinMaxParameters()),
        new ActivationQuantConfig(8, true, RangeEstimatorType.ALLMINMAX, null));
  }
}
