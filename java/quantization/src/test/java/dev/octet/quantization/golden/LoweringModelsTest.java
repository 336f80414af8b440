// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.lower.LoweredComparison;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringException;
import dev.octet.quantization.lower.LoweringOptions;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.tree.ModuleCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** All recorded models, converted by the recorded maps or as they are, can be lowered. */
class LoweringModelsTest {
  private static final String CONTAINER = "quantizes the output of a container";

  /** The models and cases that can't, and words that the error has. */
  private static final Map<String, String> REASONS =
      Map.of(
          "embedding-norm",
          "max_norm",
          "e2e/nested.instance-container-wrapper",
          CONTAINER,
          "e2e/nested.type-sequential-wrapper",
          CONTAINER,
          "e2e/nested.input-and-wrapper",
          CONTAINER,
          "e2e/nested.root-instance",
          CONTAINER,
          "torchscript/control-flow.script",
          "branches on the elements of an input");

  @TestFactory
  Stream<DynamicTest> converted() {
    return ConversionCase.all(GoldenFolder.get()).stream()
        .filter(golden -> !golden.entry().has("error"))
        .map(golden -> DynamicTest.dynamicTest(golden.id(), () -> checkConverted(golden)));
  }

  @TestFactory
  Stream<DynamicTest> scripts() {
    List<DynamicTest> tests = new ArrayList<>();
    for (JsonNode entry : GoldenFolder.get().json("index.json").get("cases")) {
      if (entry.get("kind").asText().equals("torchscript")) {
        String id = entry.get("id").asText();
        tests.add(DynamicTest.dynamicTest(id, () -> checkScript(id, entry)));
      }
    }
    return tests.stream();
  }

  private static void checkConverted(ConversionCase golden) throws Exception {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      List<Object[]> inputs = inputs(golden);
      assumeFalse(inputs.isEmpty(), "the case has no forward that succeeds");
      Module converted = converted(golden);
      assumeFalse(converted == null, "the map is refused, as ConversionDeviations says");
      Calibration.calibrateQuantizationRanges(
          converted,
          inputs,
          arguments -> ModuleCall.forward(converted, arguments),
          inputs.size(),
          CalibrationProgress.NONE);
      converted.eval();
      QuantizationStates.fixRanges(converted);
      String model = golden.entry().at("/params/model").asText();
      String reason = REASONS.getOrDefault(golden.id(), REASONS.get(model));
      check(reason, graph(converted), inputs);
    }
  }

  private static void checkScript(String id, JsonNode entry) {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      GoldenFolder folder = GoldenFolder.get();
      GraphModule model =
          (GraphModule) ImportedGolden.load(folder.file(entry.at("/params/script").asText()));
      model.eval();
      String file = entry.get("file").asText();
      List<Object[]> inputs = new ArrayList<>();
      for (int batch = 0; folder.hasTensor(file, input(id, batch, 0)); batch++) {
        List<Object> arguments = new ArrayList<>();
        for (int i = 0; folder.hasTensor(file, input(id, batch, i)); i++) {
          arguments.add(folder.tensor(file, input(id, batch, i)));
        }
        inputs.add(arguments.toArray());
      }
      assertTrue(inputs.size() > 0, "no inputs are recorded");
      check(REASONS.get(id), model, inputs);
    }
  }

  private static String input(String id, int batch, int index) {
    return id + "/batch" + batch + "/input" + index;
  }

  /** The arguments of every forward that was recorded. */
  private static List<Object[]> inputs(ConversionCase golden) {
    List<Object[]> inputs = new ArrayList<>();
    for (JsonNode step : golden.detail().get("steps")) {
      if (step.get("op").asText().equals("forward") && !step.has("error")) {
        List<Object> arguments = new ArrayList<>();
        step.get("inputs").forEach(role -> arguments.add(golden.tensor(role.asText())));
        inputs.add(arguments.toArray());
      }
    }
    return inputs;
  }

  private static Module converted(ConversionCase golden) throws Exception {
    try {
      return new ConversionRun(golden).convert();
    } catch (IllegalArgumentException refused) {
      assertTrue(ConversionDeviations.checkFor(golden.quirks()).isPresent(), refused.getMessage());
      return null;
    }
  }

  /** A single layer becomes a graph that calls it. */
  private static GraphModule graph(Module module) {
    if (module instanceof GraphModule graph) {
      return graph;
    }
    var b = GraphModule.builder("x");
    GraphValue y = b.call("layer", module, b.input("x"));
    GraphModule graph = b.output(y).build();
    graph.eval();
    return graph;
  }

  private static Map<String, Tensor> named(GraphModule model, Object[] arguments) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < arguments.length; i++) {
      named.put(model.inputs().get(i), (Tensor) arguments[i]);
    }
    return named;
  }

  /** reason: why it can't be lowered, or null. */
  private static void check(String reason, GraphModule model, List<Object[]> inputs) {
    LoweringOptions.Builder options = LoweringOptions.builder();
    named(model, inputs.get(0)).forEach((name, tensor) -> options.input(name, tensor));
    if (reason != null) {
      String message =
          assertThrows(LoweringException.class, () -> Lowering.toProgram(model, options.build()))
              .getMessage();
      assertTrue(message.contains(reason), message);
      return;
    }
    LoweredModel lowered = Lowering.toProgram(model, options.build());
    for (Object[] arguments : inputs) {
      if (!sameShapes(inputs.get(0), arguments)) {
        continue;
      }
      var difference = LoweredComparison.compare(model, lowered.program(), named(model, arguments));
      // What lies on a rounding edge in one layer may come out a step apart, and move what follows.
      assertTrue(difference.greatest() <= 0.1 * difference.magnitude(), difference::toString);
      assertTrue(difference.differing() <= 0.2 * difference.count(), difference::toString);
    }
  }

  private static boolean sameShapes(Object[] a, Object[] b) {
    assertEquals(a.length, b.length);
    for (int i = 0; i < a.length; i++) {
      if (!((Tensor) a[i]).sizes().equals(((Tensor) b[i]).sizes())) {
        return false;
      }
    }
    return true;
  }
}
