// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The original models of the conversion cases, before any conversion. */
class GoldenModelsTest {

  private static final GoldenFolder FOLDER = GoldenFolder.get();

  static Stream<String> models() {
    List<String> ids = new ArrayList<>();
    FOLDER.json("models.json").get("models").forEach(model -> ids.add(model.get("id").asText()));
    return ids.stream();
  }

  private static JsonNode description(String id) {
    for (JsonNode model : FOLDER.json("models.json").get("models")) {
      if (model.get("id").asText().equals(id)) {
        return model;
      }
    }
    throw new IllegalArgumentException(id);
  }

  private static ConversionCase conversionOf(String model) {
    return ConversionCase.all(FOLDER).stream()
        .filter(each -> each.entry().at("/params/model").asText().equals(model))
        .filter(each -> inputs(each) != null)
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @MethodSource("models")
  void hasTheRecordedModules(String id) {
    JsonNode description = description(id);
    String file = FOLDER.json("models.json").get("file").asText();
    Module model = GoldenModels.build(description, name -> FOLDER.tensor(file, name));
    List<String> expected = new ArrayList<>();
    description
        .get("modules")
        .forEach(m -> expected.add(m.get("path").asText() + ": " + m.get("type").asText()));
    List<String> actual = new ArrayList<>();
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      actual.add(node.path() + ": " + ModuleTypes.typeName(node.module()));
    }
    assertEquals(expected, actual);
  }

  @ParameterizedTest
  @MethodSource("models")
  void copiesRunAlike(String id) {
    ConversionCase any = conversionOf(id);
    Module model = any.model();
    model.eval();
    Module copy = ModelCopier.copy(model);
    Object[] inputs = inputs(any);
    Tensor expected = (Tensor) ModuleCall.forward(model, inputs);
    assertTrue(torch.equal(expected, (Tensor) ModuleCall.forward(copy, inputs)));
  }

  /** The inputs of the first forward, which the original takes even if the converted one fails. */
  private static Object[] inputs(ConversionCase any) {
    for (JsonNode step : any.detail().path("steps")) {
      if (step.has("inputs")) {
        List<Object> inputs = new ArrayList<>();
        step.get("inputs").forEach(role -> inputs.add(any.tensor(role.asText())));
        return inputs.toArray();
      }
    }
    return null;
  }

  /** Cases in which nothing is quantized at the step, so that the original gives the output. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "e2e/linear.none.ptq b4 ",
        "e2e/mlp.none.ptq b5 ",
        "e2e/nested.empty-map b4 ",
        "e2e/states.switches.w8a8 05 "
      })
  void givesTheRecordedOutputs(String which) {
    String id = which.substring(0, which.indexOf(' '));
    ConversionCase found =
        ConversionCase.all(FOLDER).stream().filter(c -> c.id().equals(id)).findFirst().orElse(null);
    assertNotNull(found, id);
    Module model = found.model();
    model.eval();
    String last = null;
    JsonNode use = null;
    for (JsonNode step : found.detail().get("steps")) {
      boolean wanted = !which.contains(" 05 ") || step.path("output").asText().startsWith("step05");
      if (step.path("op").asText().equals("forward") && wanted) {
        use = step;
        last = step.get("output").asText();
      }
    }
    assertNotNull(use, id);
    List<Object> inputs = new ArrayList<>();
    use.get("inputs").forEach(role -> inputs.add(found.tensor(role.asText())));
    Tensor actual = (Tensor) ModuleCall.forward(model, inputs.toArray());
    TensorComparison.assertClose(which, found.tensor(last), actual, 1e-5, 1e-5, 0, 0);
  }
}
