// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Imported TorchScript files give the recorded outputs and have the recorded modules. */
class TorchScriptGoldenTest {

  private static final double TOLERANCE = 1e-5;

  @TestFactory
  Stream<DynamicTest> outputs() {
    return GoldenCase.tests(
        golden -> {
          Module model = load(golden);
          checkOutputs(golden, model);
        },
        "torchscript");
  }

  @TestFactory
  Stream<DynamicTest> modules() {
    return GoldenCase.tests(
        golden -> {
          JsonNode detail = GoldenFolder.get().json(golden.params().get("detail").asText());
          Map<String, String> expected = new LinkedHashMap<>();
          detail
              .get("modules")
              .forEach(m -> expected.put(m.get("path").asText(), m.get("type").asText()));
          Map<String, String> actual = new LinkedHashMap<>();
          for (ModuleNode node : ModuleTree.of(load(golden)).nodes()) {
            actual.put(node.path(), ModuleTypes.typeName(node.module()));
          }
          assertEquals(expected, actual);
        },
        "torchscript");
  }

  @TestFactory
  Stream<DynamicTest> copiesAreIndependent() {
    return GoldenCase.tests(
        golden -> {
          Module model = load(golden);
          Module copy = ModelCopier.copy(model);
          zero(model);
          checkOutputs(golden, copy);
        },
        "torchscript");
  }

  private static void zero(Module model) {
    try (NoGradGuard noGrad = new NoGradGuard();
        StringTensorDict parameters = model.named_parameters();
        Scalar zero = new Scalar(0.0)) {
      for (long i = 0; i < parameters.size(); i++) {
        parameters.get(i).value().fill_(zero);
      }
    }
  }

  private static Module load(GoldenCase golden) {
    return ImportedGolden.load(GoldenFolder.get().file(golden.params().get("script").asText()));
  }

  private static void checkOutputs(GoldenCase golden, Module model) {
    try (NoGradGuard noGrad = new NoGradGuard()) {
      for (int batch = 0; golden.has("batch" + batch + "/output"); batch++) {
        String prefix = "batch" + batch + "/input";
        Object[] inputs =
            golden.inputs().stream()
                .filter(role -> role.startsWith(prefix))
                .map(golden::tensor)
                .toArray();
        Tensor actual = (Tensor) ModuleCall.forward(model, inputs);
        Tensor expected = golden.tensor("batch" + batch + "/output");
        double scale = expected.abs().max().item_double();
        double error = actual.sub(expected).abs().max().item_double();
        assertEquals(0, error / scale, TOLERANCE, "batch " + batch);
      }
    }
  }
}
