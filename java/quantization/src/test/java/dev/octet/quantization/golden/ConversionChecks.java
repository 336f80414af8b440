// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedActivation;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Compares a converted model with what was recorded.
 *
 * <p>Ranges and outputs that depend on sums of floats are compared with a tolerance: 1e-6 relative
 * for estimators that search, 1e-5 elsewhere; where the recorded jitter says that the order of
 * summation moves outputs by a step of the grid, as many elements as it names (and as many again)
 * may be off by as much.
 */
final class ConversionChecks {
  private static final double OUTPUT_TOLERANCE = 1e-5;
  private static final double RANGE_TOLERANCE = 2e-5;
  private static final double GRADIENT_TOLERANCE = 1e-4;
  // A search ends somewhere in the flat bottom of its loss, so that grids differ by this much.
  private static final double SEARCH_TOLERANCE = 1e-3;
  private static final double LEARNED_TOLERANCE = 1e-3;
  // The softmax in the loss differs between processors, and the loss is flatter still.
  private static final double CROSS_ENTROPY_TOLERANCE = 3e-2;

  private final ConversionCase golden;
  private Module model;

  ConversionChecks(ConversionCase golden, Module model) {
    this.golden = golden;
    this.model = model;
  }

  /** Goes on with another model. */
  void model(Module other) {
    model = other;
  }

  void modules(JsonNode expected) {
    Map<String, ModuleNode> actual = new LinkedHashMap<>();
    String manager = null;
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      if (manager == null || !node.path().startsWith(manager)) {
        actual.put(node.path(), node);
        manager =
            node.module() instanceof QuantizationManager
                ? node.path() + (node.path().isEmpty() ? "" : ".")
                : null;
      }
    }
    List<String> paths = new ArrayList<>();
    for (JsonNode row : expected) {
      String type = row.get("type").asText();
      if (!type.endsWith("Quantizer") && !type.endsWith("Estimator")) {
        paths.add(row.get("path").asText());
      }
    }
    assertEquals(paths, List.copyOf(actual.keySet()), golden.id() + ": module paths");
    for (JsonNode row : expected) {
      ModuleNode node = actual.get(row.get("path").asText());
      if (node != null) {
        module(row, node);
      }
    }
  }

  private void module(JsonNode row, ModuleNode node) {
    String what = golden.id() + ": module '" + node.path() + "' ";
    String type = row.get("type").asText();
    assertEquals(type, ModuleTypes.typeName(node.module()), what + "type");
    assertEquals(row.get("training").asBoolean(), node.module().is_training(), what + "training");
    assertEquals(row.path("same_as").asText(null), node.sameAs(), what + "same as");
    if (node.module() instanceof QuantizedModule quantized && row.has("n_bits_act")) {
      var config = quantized.quantizationConfig();
      assertEquals(row.get("n_bits_act").asInt(), config.activationQuant().nBits(), what);
      assertEquals(
          row.get("act_method").asText(), method(config.activationQuant().symmetric()), what);
      assertEquals(
          row.get("act_range_method").asText(),
          config.activationQuant().rangeEstimator().jsonName(),
          what);
      assertEquals(row.get("quant_a").asBoolean(), quantized.quantizesActivations(), what);
      if (!(node.module() instanceof QuantizedActivation)) {
        assertEquals(row.get("n_bits").asInt(), config.weightQuant().nBits(), what);
        assertEquals(row.get("method").asText(), method(config.weightQuant().symmetric()), what);
        assertEquals(
            row.get("per_channel_weights").asBoolean(), config.weightQuant().perChannel(), what);
        assertEquals(
            row.get("weight_range_method").asText(),
            config.weightQuant().rangeEstimator().jsonName(),
            what);
        assertEquals(row.get("quant_w").asBoolean(), quantized.quantizesWeights(), what);
      }
    }
    if (node.module() instanceof QuantizationManager manager) {
      assertEquals(row.get("qmethod").asText(), manager.method().jsonName(), what);
      assertEquals(row.get("init").asText(), manager.rangeEstimatorType().jsonName(), what);
      assertEquals(row.get("n_bits").asInt(), manager.options().nBits(), what);
      assertEquals(row.get("per_channel").asBoolean(), manager.options().perChannel(), what);
      assertEquals(row.get("state").asText(), manager.state().jsonName(), what);
    }
  }

  private static String method(boolean symmetric) {
    return symmetric ? "symmetric_uniform" : "asymmetric_uniform";
  }

  /** State-dict rows of key, dtype and shape, in order. */
  void keys(JsonNode expected) {
    List<String> rows = new ArrayList<>();
    for (JsonNode row : expected) {
      rows.add(row.get(0).asText() + " " + row.get(1).asText() + " " + row.get(2));
    }
    List<String> actual = new ArrayList<>();
    StateDict.of(model)
        .forEach(
            (name, tensor) ->
                actual.add(
                    name
                        + " "
                        + type(tensor)
                        + " "
                        + Arrays.toString(tensor.shape()).replace(" ", "")));
    assertEquals(rows, actual, golden.id() + ": state dict");
  }

  private static String type(Tensor tensor) {
    return switch (tensor.scalar_type().intern()) {
      case Float -> "F32";
      case Double -> "F64";
      case Long -> "I64";
      case Bool -> "BOOL";
      default -> tensor.scalar_type().toString();
    };
  }

  void output(String what, String role, Tensor actual) {
    try (Tensor expected = golden.tensor(role)) {
      if (golden.exact()) {
        TensorComparison.assertEqual(what, expected, actual);
        return;
      }
      JsonNode jitter = golden.detail().path("jitter").path(role);
      long moved = jitter.path("above_1e-4").asLong(0);
      TensorComparison.assertClose(
          what,
          expected,
          actual,
          crossEntropy() ? largestStep() : outputTolerance(),
          outputTolerance(),
          Math.max(2, expected.numel() / 50) + 2 * moved,
          1.01 * Math.max(jitter.path("max_abs").asDouble(0), largestStep()));
    }
  }

  private double outputTolerance() {
    return crossEntropy()
        ? CROSS_ENTROPY_TOLERANCE
        : searches()
            ? SEARCH_TOLERANCE
            : golden.kind().equals("training") ? LEARNED_TOLERANCE : OUTPUT_TOLERANCE;
  }

  /** The largest step of an activation grid: one output may be on the other side of a tie. */
  private double largestStep() {
    double largest = 0;
    for (Map.Entry<String, Tensor> entry : StateDict.of(model).entrySet()) {
      if (entry.getKey().endsWith("activation_quantizer.quantizer._delta")) {
        for (double delta : TensorComparison.values(entry.getValue())) {
          largest = Math.max(largest, Double.isNaN(delta) ? 0 : delta);
        }
      }
    }
    return largest;
  }

  void gradient(String what, String role, Tensor actual) {
    assertTrue(actual.defined(), what + ": no gradient for " + role);
    try (Tensor expected = golden.tensor(role)) {
      double scale = 0;
      for (double value : TensorComparison.values(expected)) {
        scale = Math.max(scale, Math.abs(value));
      }
      TensorComparison.assertClose(
          what + " " + role,
          expected,
          actual,
          Math.max(GRADIENT_TOLERANCE * scale, 1e-6),
          GRADIENT_TOLERANCE,
          Math.max(2, expected.numel() / 50),
          scale);
    }
  }

  /** What a step recorded of ranges and flags. */
  void snapshot(String what, String name, JsonNode step) {
    if (!step.has("flags")) {
      return;
    }
    Map<String, Tensor> state = StateDict.of(model);
    for (JsonNode key : step.path("changed")) {
      assertTrue(state.containsKey(key.asText()), what + ": no " + key.asText());
      range(what, name + "/" + key.asText(), key.asText(), state.get(key.asText()));
    }
    for (JsonNode key : step.path("gone")) {
      assertFalse(state.containsKey(key.asText()), what + ": still there: " + key.asText());
    }
    flags(what, step.get("flags"));
  }

  private void range(String what, String role, String key, Tensor actual) {
    try (Tensor expected = golden.tensor(role)) {
      if (!golden.kind().equals("training")
          && (golden.exact() || weightRange(key) && !searches())) {
        TensorComparison.assertEqual(what + " " + key, expected, actual);
      } else {
        double tolerance =
            moves()
                ? 0.1
                : crossEntropy()
                    ? CROSS_ENTROPY_TOLERANCE
                    : searches()
                        ? SEARCH_TOLERANCE
                        : golden.kind().equals("training") ? LEARNED_TOLERANCE : RANGE_TOLERANCE;
        TensorComparison.assertClose(
            what + " " + key, expected, actual, tolerance / 10, tolerance, 0, 0);
      }
    }
  }

  /** Tells whether the order of summation moves some output by a step. */
  private boolean moves() {
    for (JsonNode jitter : golden.detail().path("jitter")) {
      if (jitter.path("above_1e-4").asLong() > 0) {
        return true;
      }
    }
    return false;
  }

  private static boolean weightRange(String key) {
    return key.contains("weight_quantizer.");
  }

  private boolean crossEntropy() {
    return golden.detail().get("effective_map").toString().contains("\"cross_entropy\"");
  }

  private boolean searches() {
    return golden.detail().get("effective_map").toString().contains("range_opt_method");
  }

  private void flags(String what, JsonNode expected) {
    Map<String, String> want = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : expected.properties()) {
      want.put(entry.getKey(), flagsOf(entry.getValue()));
    }
    Map<String, String> have = new TreeMap<>();
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      if (want.containsKey(node.path())) {
        have.put(node.path(), flagsOf(node.module()));
      }
    }
    assertEquals(want, have, what + ": flags");
  }

  private static String flagsOf(JsonNode flags) {
    return flags.has("state")
        ? "state "
            + flags.get("state").asText()
            + ", initialized "
            + flags.get("initialized").asBoolean()
            + ", training "
            + flags.get("training").asBoolean()
        : "weights "
            + flags.get("quant_w").asBoolean()
            + ", activations "
            + flags.get("quant_a").asBoolean()
            + ", cached "
            + flags.get("cached").asBoolean()
            + ", training "
            + flags.get("training").asBoolean();
  }

  private static String flagsOf(Module module) {
    if (module instanceof QuantizationManager manager) {
      return "state "
          + manager.state().jsonName()
          + ", initialized "
          + manager.isInitialized()
          + ", training "
          + manager.is_training();
    }
    if (module instanceof QuantizedModule quantized) {
      return "weights "
          + quantized.quantizesWeights()
          + ", activations "
          + quantized.quantizesActivations()
          + ", cached "
          + quantized.quantization().isCached()
          + ", training "
          + module.is_training();
    }
    return "a " + module.getClass();
  }

  /** The final state: keys, flags, ranges, and weights as the final ranges quantize them. */
  void last(JsonNode end) {
    keys(end.get("keys"));
    flags(golden.id() + " final", end.get("flags"));
    if (end.has("modules")) {
      modules(end.get("modules"));
    }
    Map<String, Tensor> state = StateDict.of(model);
    for (Map.Entry<String, Tensor> entry : state.entrySet()) {
      if (golden.has("final/" + entry.getKey())) {
        range(golden.id() + " final", "final/" + entry.getKey(), entry.getKey(), entry.getValue());
      }
    }
    for (JsonNode key : end.path("quantized_weights")) {
      quantizedWeight(key.asText(), state);
    }
  }

  private void quantizedWeight(String key, Map<String, Tensor> state) {
    String role = "final_quantized/" + key;
    String path = key.substring(0, Math.max(0, key.lastIndexOf('.')));
    Module module = ModuleTree.of(model).get(path);
    if (!golden.has(role) || !(module instanceof QuantizedModule quantized)) {
      return;
    }
    try (Tensor expected = golden.tensor(role);
        Tensor actual =
            quantized.weightQuantizer().orElseThrow().quantizer().forward(state.get(key))) {
      String what = golden.id() + " " + role;
      if (searches() || golden.kind().equals("training")) {
        TensorComparison.assertClose(
            what,
            expected,
            actual,
            1e-6,
            1e-4,
            Math.max(2, expected.numel() / 50),
            Double.POSITIVE_INFINITY);
      } else {
        TensorComparison.assertEqual(what, expected, actual);
      }
    }
  }
}
