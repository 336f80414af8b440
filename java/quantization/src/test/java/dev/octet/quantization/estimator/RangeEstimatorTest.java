// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.QuantizerOptions;
import java.util.OptionalInt;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RangeEstimatorTest {
  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(11);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  @Test
  void sixteenBitFloatsAndStridesAreTakenAsTheyAre() {
    Tensor x = torch.randn(6, 4).to(ScalarType.Half).t();
    for (RangeEstimatorType type : RangeEstimatorType.values()) {
      try (Quantizer quantizer =
              Quantizer.create(QuantizationMethod.SYMMETRIC_UNIFORM, QuantizerOptions.ofBits(4));
          RangeEstimator a = perTensor(type, quantizer);
          RangeEstimator b = perTensor(type, quantizer)) {
        a.update(x);
        b.update(x.contiguous().to(ScalarType.Float));
        assertEquals(
            b.currentXmax().item_float(), a.currentXmax().item_float(), 2e-2, type.jsonName());
      }
    }
  }

  private static RangeEstimator perTensor(RangeEstimatorType type, Quantizer quantizer) {
    return RangeEstimator.create(
        type.defaultParameters(), RangeEstimatorOptions.perTensor(), quantizer);
  }

  @Test
  void largeTensorsAreSearchedAsSmallOnes() {
    Tensor small = torch.randn(4, 64);
    Tensor large = small.repeat(200, 1);
    try (Quantizer quantizer =
            Quantizer.create(QuantizationMethod.SYMMETRIC_UNIFORM, QuantizerOptions.ofBits(4));
        RangeEstimator a = perTensor(RangeEstimatorType.MSE, quantizer);
        RangeEstimator b = perTensor(RangeEstimatorType.MSE, quantizer)) {
      a.update(small);
      b.update(large);
      assertEquals(a.currentXmax().item_float(), b.currentXmax().item_float(), 1e-2);
    }
  }

  @Test
  void resetForgetsTheRange() {
    try (RangeEstimator estimator = perTensor(RangeEstimatorType.ALLMINMAX, null)) {
      assertNull(estimator.currentXmin());
      estimator.update(Tensors.floats(new float[] {-5, 5}, 2));
      estimator.reset();
      assertNull(estimator.currentXmin());
      estimator.update(Tensors.floats(new float[] {-1, 1}, 2));
      assertEquals(-1, estimator.currentXmin().item_float());
    }
  }

  @Test
  void otherNumberOfChannelsIsRefused() {
    try (RangeEstimator estimator =
        RangeEstimator.create(
            new RunningMinMaxParameters(), RangeEstimatorOptions.ofChannels(), null)) {
      estimator.update(torch.randn(3, 4));
      IllegalArgumentException thrown =
          assertThrows(IllegalArgumentException.class, () -> estimator.update(torch.randn(4, 4)));
      assertTrue(thrown.getMessage().contains("reset"), thrown.getMessage());
    }
  }

  @Test
  void negativeAxisCountsFromTheLast() {
    RangeEstimatorOptions options =
        new RangeEstimatorOptions(false, OptionalInt.of(-1), OptionalInt.empty());
    try (RangeEstimator estimator =
        RangeEstimator.create(new CurrentMinMaxParameters(), options, null)) {
      estimator.update(torch.randn(3, 5));
      assertArrayEquals(new long[] {5}, estimator.currentXmin().shape());
      assertThrows(IllegalArgumentException.class, () -> estimator.update(Tensors.scalar(1f)));
    }
  }

  @Test
  void gradientsDoNotFlowThroughARange() {
    Tensor x = torch.randn(8);
    x.set_requires_grad(true);
    try (RangeEstimator estimator = perTensor(RangeEstimatorType.CURRENT_MINMAX, null)) {
      estimator.update(x);
      assertTrue(!estimator.currentXmin().requires_grad());
    }
  }

  @Test
  void parametersAreCheckedAndNamedInJson() throws Exception {
    assertThrows(IllegalArgumentException.class, () -> new CurrentMinMaxParameters(101.0));
    assertThrows(IllegalArgumentException.class, () -> new RunningMinMaxParameters(1.5));
    assertThrows(
        IllegalArgumentException.class, () -> new MseParameters(RangeOptMethod.GRID, 0, 0.5));
    assertThrows(
        IllegalArgumentException.class,
        () -> new CrossEntropyParameters(RangeOptMethod.GRID, 5, -1));
    JsonMapper json = new JsonMapper();
    String text = json.writeValueAsString(new MseParameters(RangeOptMethod.GRID, 20, 0.1));
    assertEquals(
        "{\"range_opt_method\":\"grid\",\"num_candidates\":20,\"range_margin\":0.1}", text);
    assertEquals(
        new MseParameters(RangeOptMethod.GRID, 20, 0.1), json.readValue(text, MseParameters.class));
    assertEquals(new MseParameters(), json.readValue("{}", MseParameters.class));
    assertEquals(
        new CurrentMinMaxParameters(), json.readValue("{}", CurrentMinMaxParameters.class));
    assertEquals(
        new RunningMinMaxParameters(), json.readValue("{}", RunningMinMaxParameters.class));
  }
}
