// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.integer.CheckedLayers;
import dev.octet.quantization.integer.IntegerModel;
import dev.octet.quantization.integer.IntegerModules;
import dev.octet.quantization.integer.IntegerOptions;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModuleCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The recorded models under the recorded maps give at the integer level what they give simulated.
 */
class IntegerGoldenTest {
  private static final int MOST_INPUTS = 3;
  private static final AtomicInteger INTEGER_LAYERS = new AtomicInteger();
  private static final AtomicInteger MODELS = new AtomicInteger();

  /** That most layers quietly stay simulated must not pass for a success. */
  @AfterAll
  static void manyLayersRanInIntegers() {
    assertTrue(
        INTEGER_LAYERS.get() >= MODELS.get(),
        INTEGER_LAYERS + " layers of " + MODELS + " models ran in integers");
  }

  @TestFactory
  Stream<DynamicTest> cases() {
    return ConversionCase.all(GoldenFolder.get()).stream()
        .filter(golden -> !golden.entry().has("error"))
        .map(golden -> DynamicTest.dynamicTest(golden.id(), () -> check(golden)));
  }

  /** The arguments of the first forwards that were recorded. */
  private static List<Object[]> inputs(ConversionCase golden) {
    List<Object[]> inputs = new ArrayList<>();
    for (JsonNode step : golden.detail().get("steps")) {
      boolean forward = step.get("op").asText().equals("forward") && !step.has("error");
      if (forward && inputs.size() < MOST_INPUTS) {
        List<Object> arguments = new ArrayList<>();
        step.get("inputs").forEach(role -> arguments.add(golden.tensor(role.asText())));
        inputs.add(arguments.toArray());
      }
    }
    return inputs;
  }

  private static void check(ConversionCase golden) throws Exception {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      List<Object[]> inputs = inputs(golden);
      assumeFalse(inputs.isEmpty(), "the case has no forward that succeeds");
      Module simulated = converted(golden);
      assumeFalse(simulated == null, "the map is refused, as Deviations says");
      List<QuantizedModule> layers = QuantizationStates.quantizedModules(simulated);
      assumeFalse(layers.isEmpty(), "the map quantizes nothing");
      Calibration.calibrateQuantizationRanges(
          simulated,
          inputs,
          arguments -> ModuleCall.forward(simulated, arguments),
          inputs.size(),
          CalibrationProgress.NONE);
      IntegerOptions.Builder options = IntegerOptions.builder();
      inputs.forEach(options::example);
      IntegerModel<Module> integer = IntegerModules.convert(simulated, options.build());
      assertEquals(
          List.copyOf(StateDict.of(simulated).keySet()),
          List.copyOf(StateDict.of(integer.model()).keySet()));
      int integers = integer.report().rows(Arithmetic.INTEGER).size();
      INTEGER_LAYERS.addAndGet(integers);
      MODELS.incrementAndGet();
      CheckedLayers checked = CheckedLayers.of(integer.model());
      for (Object[] arguments : inputs) {
        int before = checked.differing();
        Tensor expected = (Tensor) ModuleCall.forward(simulated, arguments);
        Tensor actual = (Tensor) ModuleCall.forward(integer.model(), arguments);
        compare(expected, actual, checked.differing() > before);
      }
      Set<String> kernels = Set.of("linear", "conv2d", "embedding", "layer_norm");
      boolean any = integer.report().rows().stream().anyMatch(r -> kernels.contains(r.kernel()));
      assertEquals(any, checked.calls() > 0, integer.report()::toString);
    }
  }

  private static Module converted(ConversionCase golden) throws Exception {
    try {
      return new ConversionRun(golden).convert();
    } catch (IllegalArgumentException refused) {
      assertTrue(ConversionDeviations.checkFor(golden.quirks()).isPresent(), refused.getMessage());
      return null;
    }
  }

  /** A value that came out a step apart in one layer may move what follows a little. */
  private static void compare(Tensor expected, Tensor actual, boolean anyDiffering) {
    float[] from = Tensors.toFloats(expected);
    float[] to = Tensors.toFloats(actual);
    assertEquals(from.length, to.length);
    double magnitude = 1e-6;
    for (float value : from) {
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    double tolerance = (anyDiffering ? 0.1 : 1e-4) * magnitude;
    for (int i = 0; i < from.length; i++) {
      assertEquals(from[i], to[i], tolerance, "output " + i);
    }
  }
}
