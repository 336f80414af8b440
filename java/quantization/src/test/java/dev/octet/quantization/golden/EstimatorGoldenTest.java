// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.estimator.CurrentMinMaxEstimator;
import dev.octet.quantization.estimator.RangeEstimator;
import dev.octet.quantization.estimator.RangeEstimatorOptions;
import dev.octet.quantization.estimator.SearchEstimator;
import dev.octet.quantization.quantizer.Quantizer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class EstimatorGoldenTest {

  @TestFactory
  Stream<DynamicTest> estimator() {
    return GoldenCase.tests(EstimatorGoldenTest::check, "estimator");
  }

  @TestFactory
  Stream<DynamicTest> constructor() {
    return GoldenCase.tests(EstimatorGoldenTest::checkConstructor, "estimator_constructor");
  }

  private static RangeEstimator estimator(JsonNode params, Quantizer quantizer) {
    return RangeEstimator.create(
        GoldenEstimators.parameters(params),
        new RangeEstimatorOptions(
            params.path("per_channel").asBoolean(),
            GoldenQuantizers.optionalInt(params.path("axis")),
            GoldenQuantizers.optionalInt(params.path("n_groups"))),
        quantizer);
  }

  private static void checkConstructor(GoldenCase golden) {
    assertEquals("constructor", golden.errorStage());
    GoldenErrors.assertFails(golden.error(), () -> estimator(golden.params(), null).close());
  }

  private static Quantizer quantizer(JsonNode params) {
    JsonNode quantizer = params.path("quantizer");
    if (quantizer.isMissingNode()) {
      return null;
    }
    GoldenCase.requireNames("quantizer", quantizer, "method", "n_bits", "scale_domain", "eps");
    return Quantizer.create(
        GoldenQuantizers.method(quantizer),
        GoldenQuantizers.options(quantizer).withPerChannel(params.path("per_channel").asBoolean()));
  }

  private static void check(GoldenCase golden) {
    JsonNode params = golden.params();
    golden.requireParams(
        "estimator",
        "per_channel",
        "axis",
        "n_groups",
        "options",
        "quantizer",
        "reset_before",
        "measure_batches");
    Set<Integer> resets = new HashSet<>();
    params.path("reset_before").forEach(n -> resets.add(n.asInt()));
    int measured = params.path("measure_batches").asInt(0);
    try (Quantizer quantizer = quantizer(params);
        RangeEstimator estimator = estimator(params, quantizer)) {
      for (int i = 0; golden.has("batch" + i); i++) {
        if (resets.contains(i)) {
          estimator.reset();
        }
        estimator.perGroupRangeEstimation(i < measured);
        Tensor batch = golden.tensor("batch" + i);
        if (("batch" + i).equals(golden.errorStage())) {
          GoldenErrors.assertFails(golden.error(), () -> estimator.update(batch));
          return;
        }
        estimator.update(batch);
        if (i < measured) {
          checkSpreads(golden, i, estimator);
        } else if (estimator instanceof SearchEstimator search) {
          checkSearch(golden, i, search, quantizer, batch);
        } else {
          TensorComparison.assertEqual(
              "xmin" + i, golden.tensor("xmin" + i), estimator.currentXmin());
          TensorComparison.assertEqual(
              "xmax" + i, golden.tensor("xmax" + i), estimator.currentXmax());
        }
      }
      assertEquals(null, golden.errorStage(), "a stage that this test does not know");
    }
  }

  private static void checkSpreads(GoldenCase golden, int i, RangeEstimator estimator) {
    CurrentMinMaxEstimator current =
        assertInstanceOf(CurrentMinMaxEstimator.class, estimator, "group ranges");
    double[] expected = TensorComparison.values(golden.tensor("group_ranges" + i));
    double[] actual = new double[expected.length];
    assertEquals(expected.length, current.groupRanges().length);
    for (int k = 0; k < actual.length; k++) {
      actual[k] = current.groupRanges()[k];
    }
    assertArrayEquals(expected, actual, "group_ranges" + i);
  }

  private static void checkSearch(
      GoldenCase golden, int i, SearchEstimator search, Quantizer quantizer, Tensor batch) {
    JsonNode found = golden.values().get("search" + i);
    assertEquals(found.get("one_sided_dist").asBoolean(), search.isOneSided());
    assertEquals(found.get("max_search_range").asDouble(), search.maxSearchRange());
    SearchComparison compare = new SearchComparison(quantizer, search, batch);
    if (!golden.expects("loss_array" + i)) {
      compare.assertAsGood(golden.tensor("xmin" + i), golden.tensor("xmax" + i));
      return;
    }
    double greatest = 0;
    long seen = 0;
    for (int b = 0; b <= i; b++) {
      double[] values = TensorComparison.values(golden.tensor("batch" + b));
      greatest = Math.max(greatest, Arrays.stream(values).map(Math::abs).max().orElse(0));
      seen += values.length;
    }
    try (Tensor losses = search.lossArray()) {
      compare.assertSameLosses(golden.tensor("loss_array" + i), losses, seen, greatest);
    }
    TensorComparison.assertClose(
        "xmin" + i, golden.tensor("xmin" + i), search.currentXmin(), 0, 1e-6, 0, 0);
    TensorComparison.assertClose(
        "xmax" + i, golden.tensor("xmax" + i), search.currentXmax(), 0, 1e-6, 0, 0);
  }
}
