// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.convert.Decision;
import dev.octet.quantization.convert.PlannedModule;
import dev.octet.quantization.module.QuantLayerNorm;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * The checks of conversion cases that show a behaviour of the reference which Octet replaces;
 * reasons are in {@link Deviations}.
 *
 * <p>Two replacements need no entry here because {@link ConversionRun} makes them part of every
 * case: names that match nothing are an error, after which the map without them must do what was
 * recorded; calibration uses as many batches as it is told, and with one more must find the
 * recorded ranges.
 */
final class ConversionDeviations {
  /** Checks the replacement behaviour. */
  interface Check {
    void check(ConversionCase golden, ConversionRun run) throws Exception;
  }

  private static final Map<String, Check> CHECKS = new LinkedHashMap<>();

  static {
    CHECKS.put(Deviations.EXCLUDED_ROOT, ConversionDeviations::excludedRoot);
    CHECKS.put(Deviations.SHARED_MODULES, ConversionDeviations::sharedModules);
    CHECKS.put(Deviations.PADDING_MODE, ConversionDeviations::paddingMode);
    CHECKS.put(Deviations.LAYER_NORM_WITHOUT_AFFINE, ConversionDeviations::layerNormWithoutAffine);
    CHECKS.put(Deviations.EMBEDDING_INPUT, ConversionDeviations::embeddingInput);
    CHECKS.put(Deviations.CALIBRATION_LOADER, ConversionDeviations::calibrationLoader);
  }

  private ConversionDeviations() {}

  static Optional<Check> checkFor(Set<String> quirks) {
    return CHECKS.keySet().stream()
        .filter(quirks::contains)
        .findFirst()
        .map(
            tag -> {
              assertTrue(Deviations.isReplaced(tag), tag + " is not listed as a deviation");
              return CHECKS.get(tag);
            });
  }

  /** The first batch of the case that is the only input of the model. */
  private static Tensor batch(ConversionCase golden) {
    for (JsonNode step : golden.detail().path("steps")) {
      if (step.has("inputs")) {
        return golden.tensor(step.get("inputs").get(0).asText());
      }
    }
    return golden.tensor(golden.entry().get("inputs").get(0).asText());
  }

  private static Tensor forward(Module model, Tensor x) {
    return (Tensor) ModuleCall.forward(model, new Object[] {x});
  }

  /** An excluded root excludes all: the converted model is a copy that computes the same. */
  private static void excludedRoot(ConversionCase golden, ConversionRun run) {
    Module converted = run.convert();
    assertTrue(QuantizationStates.quantizedModules(converted).isEmpty(), "nothing is quantized");
    converted.eval();
    run.original().eval();
    Tensor x = input(golden, run.original());
    TensorComparison.assertEqual(golden.id(), forward(run.original(), x), forward(converted, x));
  }

  /**
   * The recorded input, or values of the layer's size where nothing was recorded after an error.
   */
  private static Tensor input(ConversionCase golden, Module original) {
    if (golden.entry().get("inputs").size() > 0) {
      return batch(golden);
    }
    try (Tensor first = original.parameters().get(0)) {
      return randn(3, first.size(-1));
    }
  }

  /** A module stays shared wherever the map says the same of its paths, and is converted once. */
  private static void sharedModules(ConversionCase golden, ConversionRun run) {
    Module converted = run.convert();
    Map<String, List<PlannedModule>> bySource = new HashMap<>();
    for (PlannedModule planned : ConversionPlan.of(run.original(), run.map()).modules()) {
      String source =
          planned.node().sameAs() == null ? planned.node().path() : planned.node().sameAs();
      bySource.computeIfAbsent(source, s -> new ArrayList<>()).add(planned);
    }
    ModuleTree tree = ModuleTree.of(converted);
    int shared = 0;
    for (List<PlannedModule> places : bySource.values()) {
      PlannedModule first = places.get(0);
      for (PlannedModule other : places.subList(1, places.size())) {
        shared++;
        boolean same = first.decision() == other.decision() || other.decision() == Decision.SHARED;
        // Each path with an input quantizer has one of its own.
        if (same && first.input().isEmpty() && other.input().isEmpty()) {
          assertSame(
              tree.get(pathBehindWrappers(first, run)),
              tree.get(pathBehindWrappers(other, run)),
              golden.id() + ": " + first.node().path() + " and " + other.node().path());
        }
      }
    }
    assertTrue(shared > 0, golden.id() + " has no shared module");
    converted.eval();
    QuantizationStates.estimateRanges(converted);
    forward(converted, batch(golden));
    QuantizationStates.fixRanges(converted);
    try (Tensor out = forward(converted, batch(golden))) {
      for (double value : TensorComparison.values(out)) {
        assertTrue(Double.isFinite(value), golden.id() + ": output " + value);
      }
    }
  }

  /** The path after conversion: below a module with an input quantizer stands one name more. */
  private static String pathBehindWrappers(PlannedModule planned, ConversionRun run) {
    String path = "";
    String original = "";
    for (String name : planned.node().path().split("\\.")) {
      if (run.map().inputActivationQConfigMap().containsKey(original)) {
        path += ".module";
      }
      path += path.isEmpty() ? name : "." + name;
      original += original.isEmpty() ? name : "." + name;
    }
    return path;
  }

  /** The original's padding mode is kept: without quantization the outputs are the original's. */
  private static void paddingMode(ConversionCase golden, ConversionRun run) {
    Module converted = run.convert();
    Tensor x = batch(golden);
    converted.eval();
    run.original().eval();
    QuantizationStates.fullPrecision(converted);
    TensorComparison.assertClose(
        golden.id(), forward(run.original(), x), forward(converted, x), 1e-6, 1e-6, 0, 0);
    QuantizationStates.enableQuantStates(converted);
    QuantizationStates.estimateRanges(converted);
    Tensor quantized = forward(converted, x);
    TensorComparison.assertSameShape(golden.id(), forward(run.original(), x), quantized);
  }

  /** Without a weight, the output alone is quantized. */
  private static void layerNormWithoutAffine(ConversionCase golden, ConversionRun run) {
    Module converted = run.convert();
    List<QuantizedModule> modules = QuantizationStates.quantizedModules(converted);
    assertTrue(
        modules.stream().anyMatch(QuantLayerNorm.class::isInstance), golden.id() + ": converted");
    Tensor x = input(golden, run.original());
    converted.eval();
    run.original().eval();
    QuantizationStates.fullPrecision(converted);
    TensorComparison.assertEqual(golden.id(), forward(run.original(), x), forward(converted, x));
  }

  /** A quantizer in front of indices is refused when the model is converted. */
  private static void embeddingInput(ConversionCase golden, ConversionRun run) {
    String message = assertThrows(IllegalArgumentException.class, run::convert).getMessage();
    assertTrue(message.contains("Embedding"), message);
  }

  /** Bare tensors are taken as batches, and the model ends calibrated. */
  private static void calibrationLoader(ConversionCase golden, ConversionRun run) {
    Module converted = run.convert();
    JsonNode step = golden.detail().get("steps").get(0);
    List<Tensor> batches = new ArrayList<>();
    step.get("loader").forEach(role -> batches.add(golden.tensor(role.asText())));
    assertEquals(batches.size(), Calibration.calibrateQuantizationRanges(converted, batches));
    try (NoGradGuard guard = new NoGradGuard()) {
      assertTrue(forward(converted, batches.get(0)).defined());
    }
    QuantizationStates.quantizedModules(converted)
        .forEach(
            module ->
                module
                    .activationQuantizer()
                    .ifPresent(manager -> assertEquals("fix_ranges", manager.state().jsonName())));
  }
}
