// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.SymmetricUniformQuantizer;
import java.util.Arrays;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class QuantizerGoldenTest {

  @TestFactory
  Stream<DynamicTest> quantizer() {
    return GoldenCase.tests(QuantizerGoldenTest::checkOneInput, "quantizer");
  }

  @TestFactory
  Stream<DynamicTest> constructor() {
    return GoldenCase.tests(QuantizerGoldenTest::checkConstructor, "quantizer_constructor");
  }

  @TestFactory
  Stream<DynamicTest> twoInputs() {
    return GoldenCase.tests(QuantizerGoldenTest::checkTwoInputs, "quantizer_two_inputs");
  }

  private static Quantizer quantizer(GoldenCase golden) {
    JsonNode params = golden.params();
    golden.requireParams("method", "n_bits", "scale_domain", "per_channel", "axis", "eps", "range");
    return Quantizer.create(GoldenQuantizers.method(params), GoldenQuantizers.options(params));
  }

  private static void setRange(GoldenCase golden, Quantizer quantizer) {
    Tensor xMin = golden.tensor("x_min");
    Tensor xMax = golden.tensor("x_max");
    String range = golden.params().get("range").asText();
    switch (range) {
      case "float" -> quantizer.setQuantRange(xMin.item_double(), xMax.item_double());
      case "tensor" -> quantizer.setQuantRange(xMin, xMax);
      default -> throw new AssertionError("unknown way to pass a range: '" + range + "'");
    }
  }

  private static void checkConstructor(GoldenCase golden) {
    assertEquals("constructor", golden.errorStage());
    GoldenErrors.assertFails(golden.error(), () -> quantizer(golden).close());
  }

  private static void checkOneInput(GoldenCase golden) {
    String stage = golden.errorStage();
    GridComparison compare = new GridComparison(GoldenQuantizers.isLog(golden.params()));
    try (Quantizer quantizer = quantizer(golden)) {
      if ("set_quant_range".equals(stage)) {
        GoldenErrors.assertFails(golden.error(), () -> setRange(golden, quantizer));
        return;
      }
      setRange(golden, quantizer);
      checkStored(golden, quantizer, compare);
      if ("forward".equals(stage)) {
        GoldenErrors.assertFails(
            golden.error(), () -> quantizer.forward(golden.tensor("x")).close());
        return;
      }
      assertEquals(null, stage, "a stage that this test does not know");
      checkReadOuts(golden, quantizer, compare);
      checkOutputs(golden, quantizer, compare);
    }
  }

  private static void checkStored(GoldenCase golden, Quantizer quantizer, GridComparison compare) {
    JsonNode values = golden.values();
    assertEquals(values.get("is_initialized").asBoolean(), quantizer.isInitialized());
    compare.assertSameShaped("_delta", golden.tensor("_delta"), quantizer.delta());
    if (golden.expects("_zero_float")) {
      compare.assertSameShaped("_zero_float", golden.tensor("_zero_float"), quantizer.zeroFloat());
    }
    if (values.has("int_min")) {
      assertEquals(values.get("int_min").asDouble(), quantizer.intMin());
      assertEquals(values.get("int_max").asDouble(), quantizer.intMax());
    }
    if (values.has("signed")) {
      assertEquals(values.get("signed").asBoolean(), quantizer.isSigned());
    }
  }

  private static void checkReadOuts(
      GoldenCase golden, Quantizer quantizer, GridComparison compare) {
    try (Tensor scale = quantizer.scale();
        Tensor zeroPoint = quantizer.zeroPoint();
        Tensor gridMin = quantizer.xMin();
        Tensor gridMax = quantizer.xMax()) {
      compare.assertSame("scale", golden.tensor("scale"), scale);
      compare.assertSame("grid_min", golden.tensor("grid_min"), gridMin);
      compare.assertSame("grid_max", golden.tensor("grid_max"), gridMax);
      if (golden.expects("zero_point")) {
        compare.assertSame("zero_point", golden.tensor("zero_point"), zeroPoint);
      } else {
        double[] zeros = TensorComparison.values(zeroPoint);
        double zero = golden.values().path("zero_point").asDouble(0);
        assertEquals(zeros.length, Arrays.stream(zeros).filter(z -> z == zero).count());
      }
    }
    if (golden.expects("delta")) {
      compare.assertSame("delta", golden.tensor("delta"), quantizer.delta());
    }
    if (golden.expects("zero_float")) {
      compare.assertSame("zero_float", golden.tensor("zero_float"), quantizer.zeroFloat());
    }
  }

  private static void checkOutputs(GoldenCase golden, Quantizer quantizer, GridComparison compare) {
    Tensor x = golden.tensor("x");
    try (Tensor expectedOut = expected(golden, "out", quantizer.axis(x));
        Tensor expectedCodes = expected(golden, "codes", quantizer.axis(x));
        Tensor out = quantizer.forward(x);
        Tensor codes = quantizer.toCodes(x)) {
      double[] steps = steps(quantizer, x);
      double[] quotients = TensorComparison.values(x);
      double[] ones = new double[steps.length];
      Arrays.fill(ones, 1);
      for (int i = 0; i < steps.length; i++) {
        quotients[i] /= steps[i];
      }
      compare.assertQuantized("codes", expectedCodes, codes, ones, quotients);
      compare.assertQuantized("out", expectedOut, out, steps, quotients);
    }
  }

  /** What is expected of an output: where the reference added a dimension, its diagonal. */
  private static Tensor expected(GoldenCase golden, String role, int axis) {
    Tensor recorded = golden.tensor(role);
    if (!Deviations.applies(Deviations.NEGATIVE_AXIS, golden.quirks())) {
      return recorded.clone();
    }
    try (Tensor diagonal = recorded.diagonal(0, 0, axis + 1)) {
      long[] order = new long[(int) diagonal.dim()];
      for (int i = 0; i < order.length; i++) {
        order[i] = i < axis ? i : i == axis ? order.length - 1 : i - 1;
      }
      return diagonal.permute(order);
    }
  }

  /** The scale of every element of x. */
  private static double[] steps(Quantizer quantizer, Tensor x) {
    long[] shape = new long[(int) x.dim()];
    Arrays.fill(shape, 1);
    try (Tensor scale = quantizer.scale()) {
      int axis = quantizer.axis(x);
      if (axis >= 0) {
        shape[axis] = scale.numel();
      }
      try (Tensor view = scale.reshape(shape);
          Tensor wide = view.expand_as(x)) {
        return TensorComparison.values(wide);
      }
    }
  }

  private static void checkTwoInputs(GoldenCase golden) {
    try (Quantizer quantizer = quantizer(golden);
        Quantizer fresh = quantizer(golden)) {
      setRange(golden, quantizer);
      setRange(golden, fresh);
      assertEquals(
          golden.params().get("method").asText().equals("sym"),
          quantizer instanceof SymmetricUniformQuantizer);
      try (Tensor out = quantizer.forward(golden.tensor("x"));
          Tensor out2 = quantizer.forward(golden.tensor("x2"));
          Tensor alone = fresh.forward(golden.tensor("x2"))) {
        TensorComparison.assertEqual("out", golden.tensor("out"), out);
        Tensor expected =
            Deviations.applies(Deviations.STALE_VIEW, golden.quirks())
                ? alone
                : golden.tensor("out2");
        TensorComparison.assertEqual("out2", expected, out2);
      }
    }
  }
}
