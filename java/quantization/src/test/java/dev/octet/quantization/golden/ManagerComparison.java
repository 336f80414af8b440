// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.quantizer.Quantizer;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * How closely a manager must follow the reference. Equal, save for: the log domain and learned
 * ranges (last places); golden section, which stops somewhere in the flat part of the loss.
 */
final class ManagerComparison {
  private static final double LAST_PLACES = 2e-6;
  private static final double FLAT = 2e-3;
  private static final double TWO_ROUNDINGS = 0x1p-23;

  private final boolean log;
  private final boolean goldenSection;
  private boolean learned;

  ManagerComparison(JsonNode params, boolean goldenSection) {
    this.log = GoldenQuantizers.isLog(params);
    this.goldenSection = goldenSection;
  }

  private double tolerance() {
    return goldenSection ? FLAT : log || learned ? LAST_PLACES : 0;
  }

  void assertState(String key, Tensor expected, Tensor actual) {
    double tolerance = tolerance();
    TensorComparison.assertClose(
        key, expected, actual, goldenSection ? 0.05 * FLAT : 0.1 * tolerance, tolerance, 0, 0);
  }

  void assertLearned(String name, Tensor expected, Tensor actual) {
    learned = true;
    assertState(name, expected, actual);
  }

  /** Compares outputs; where ranges may differ, a value may be a step away. */
  void assertOutput(Tensor expected, Tensor actual, Quantizer quantizer) {
    double tolerance = tolerance();
    double step = 0;
    long outliers = 0;
    if (tolerance > 0) {
      try (Tensor scale = quantizer.scale()) {
        step = Arrays.stream(TensorComparison.values(scale)).max().orElse(0) * (1 + tolerance);
      }
      outliers = goldenSection ? expected.numel() : Math.max(1, expected.numel() / 20);
    }
    TensorComparison.assertClose(
        "output", expected, actual, 0, tolerance, outliers, step * (1 + 4 * tolerance));
  }

  /** Checks an output against a quantizer that has the same range and has seen no other input. */
  void assertFreshlyQuantized(Quantizer quantizer, Tensor x, Tensor actual) {
    try (Quantizer fresh = Quantizer.create(quantizer.method(), quantizer.options())) {
      fresh.loadState(quantizer.state().tensors());
      try (Tensor expected = fresh.forward(x)) {
        TensorComparison.assertEqual("output", expected, actual);
      }
    }
  }

  void assertGradient(
      String name, Tensor expected, Tensor actual, Tensor gradOut, Quantizer quantizer) {
    double sum = Arrays.stream(TensorComparison.values(gradOut)).map(Math::abs).sum();
    double codes = Math.max(Math.abs(quantizer.intMin()), Math.abs(quantizer.intMax()));
    boolean range = !name.equals("input");
    TensorComparison.assertClose(
        "gradient of " + name,
        expected,
        actual,
        range ? LAST_PLACES * codes * sum : 0,
        range ? LAST_PLACES : TWO_ROUNDINGS,
        0,
        0);
  }
}
