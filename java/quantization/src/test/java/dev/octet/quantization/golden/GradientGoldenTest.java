// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.quantizer.Quantizer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class GradientGoldenTest {
  /** Of the sum of the magnitudes that are added, in 32-bit floats. */
  private static final double SUM_ERROR = 1e-6;

  /**
   * The reference multiplies the gradient by the scale and divides it again; here it passes as it
   * is.
   */
  private static final double TWO_ROUNDINGS = 0x1p-23;

  @TestFactory
  Stream<DynamicTest> gradient() {
    return GoldenCase.tests(GradientGoldenTest::check, "gradient");
  }

  private static void check(GoldenCase golden) {
    JsonNode params = golden.params();
    golden.requireParams(
        "method", "n_bits", "scale_domain", "per_channel", "axis", "eps", "trainable");
    GridComparison compare = new GridComparison(GoldenQuantizers.isLog(params));
    try (Quantizer quantizer =
        Quantizer.create(GoldenQuantizers.method(params), GoldenQuantizers.options(params))) {
      setRange(golden, quantizer);
      if (params.get("trainable").asBoolean()) {
        quantizer.makeRangeTrainable();
      }
      try (Tensor x = golden.tensor("x").clone();
          Tensor scale = quantizer.scale()) {
        x.set_requires_grad(true);
        try (Tensor out = quantizer.forward(x)) {
          checkOut(golden, compare, scale, x, out);
          out.backward(golden.tensor("grad_out"), null, false, null);
        }
        compare.assertSame("scale", golden.tensor("scale"), scale);
        TensorComparison.assertClose(
            "grad_x", golden.tensor("grad_x"), x.grad(), 0, TWO_ROUNDINGS, 0, 0);
      }
      checkRangeGradients(golden, quantizer);
    }
  }

  private static void setRange(GoldenCase golden, Quantizer quantizer) {
    if (!golden.has("_delta")) {
      quantizer.setQuantRange(golden.tensor("x_min"), golden.tensor("x_max"));
      return;
    }
    quantizer.setQuantRange(-1, 1);
    Map<String, Tensor> state = new HashMap<>();
    state.put("_delta", golden.tensor("_delta"));
    if (golden.has("_zero_float")) {
      state.put("_zero_float", golden.tensor("_zero_float"));
    }
    quantizer.loadState(state);
  }

  private static void checkOut(
      GoldenCase golden, GridComparison compare, Tensor scale, Tensor x, Tensor out) {
    long[] shape = new long[(int) x.dim()];
    Arrays.fill(shape, 1);
    if (scale.numel() > 1) {
      shape[0] = scale.numel();
    }
    try (Tensor view = scale.reshape(shape);
        Tensor wide = view.expand_as(x)) {
      double[] steps = TensorComparison.values(wide);
      double[] quotients = TensorComparison.values(x);
      for (int i = 0; i < steps.length; i++) {
        quotients[i] /= steps[i];
      }
      compare.assertQuantized("out", golden.tensor("out"), out, steps, quotients);
    }
  }

  private static void checkRangeGradients(GoldenCase golden, Quantizer quantizer) {
    double gradients = sumOfMagnitudes(golden.tensor("grad_out"));
    double largestScale =
        Arrays.stream(TensorComparison.values(golden.tensor("scale"))).max().orElse(0);
    boolean log = GoldenQuantizers.isLog(golden.params());
    double codes = Math.max(Math.abs(quantizer.intMin()), Math.abs(quantizer.intMax()));
    double deltaError = SUM_ERROR * codes * gradients * (log ? Math.max(1, largestScale) : 1);
    checkGradient(golden, "grad_delta", quantizer.delta(), deltaError);
    checkGradient(
        golden, "grad_zero_float", quantizer.zeroFloat(), SUM_ERROR * gradients * largestScale);
  }

  private static double sumOfMagnitudes(Tensor tensor) {
    return Arrays.stream(TensorComparison.values(tensor)).map(Math::abs).sum();
  }

  private static void checkGradient(GoldenCase golden, String role, Tensor range, double error) {
    boolean learned = range != null && range.requires_grad();
    if (!golden.expects(role)) {
      // The reference gave no gradient: there must be none here, or nothing but zeros.
      if (learned && range.grad().defined()) {
        double[] values = TensorComparison.values(range.grad());
        assertTrue(Arrays.stream(values).allMatch(v -> v == 0), role + " is not zero");
      }
      return;
    }
    assertTrue(learned, role + " is expected, but the range is not learned");
    assertFalse(!range.grad().defined(), role + " is missing");
    TensorComparison.assertClose(role, golden.tensor(role), range.grad(), error, 1e-6, 0, 0);
  }
}
