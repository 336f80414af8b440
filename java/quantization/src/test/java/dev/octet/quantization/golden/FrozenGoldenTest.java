// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Frozen models get layers again, which convert by type, and give the recorded outputs. */
class FrozenGoldenTest {

  private static final double TOLERANCE = 1e-5;

  /** Freezing folds BatchNorm into convolutions itself. */
  @TestFactory
  Stream<DynamicTest> savedFrozenModels() {
    return GoldenCase.tests(
        golden -> {
          Path file = save(frozen(golden));
          Module model = ImportedGolden.load(file);
          checkOutputs(golden, model);
          QuantizationMap map =
              Conversion.appendDefaultConversions(
                  QuantizationMap.builder()
                      .defaultQConfig(QuantizationConfig.ofBits(8, 8))
                      .build());
          long replaced =
              ConversionPlan.of(model, map).modules().stream()
                  .filter(module -> module.decision().replaces())
                  .count();
          assertEquals(layers(golden), replaced);
          Conversion.convertToQuantized(model, map);
        },
        "torchscript");
  }

  /** In memory the names of the parameters are left. */
  @TestFactory
  Stream<DynamicTest> namesAreKeptInMemory() {
    return GoldenCase.tests(
        golden -> {
          GraphModule model = (GraphModule) TorchScriptImporter.of(frozen(golden)).model();
          checkOutputs(golden, model);
          List<String> expected = paths(ImportedGolden.load(file(golden)));
          List<String> actual = paths(model);
          assertTrue(expected.containsAll(actual), expected + " but " + actual);
        },
        "torchscript");
  }

  private static List<String> paths(Module model) {
    return ModuleTree.of(model).nodes().stream()
        .filter(node -> isLayer(node.module()))
        .map(node -> node.path())
        .sorted()
        .toList();
  }

  private static boolean isLayer(Module module) {
    return List.of("Linear", "Conv2d", "LayerNorm", "Embedding")
        .contains(ModuleTypes.typeName(module));
  }

  private static long layers(GoldenCase golden) {
    return paths(ImportedGolden.load(file(golden))).size();
  }

  private static Path file(GoldenCase golden) {
    return GoldenFolder.get().file(golden.params().get("script").asText());
  }

  private static JitModule frozen(GoldenCase golden) {
    JitModule script = torch.load(file(golden).toString());
    script.eval();
    return torch.freeze(script);
  }

  private static Path save(JitModule script) {
    try {
      Path file = Files.createTempFile("octet-frozen", ".pt");
      file.toFile().deleteOnExit();
      script.save(file.toString());
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void checkOutputs(GoldenCase golden, Module model) {
    try (NoGradGuard noGrad = new NoGradGuard()) {
      Object[] inputs =
          golden.inputs().stream()
              .filter(role -> role.startsWith("batch0/input"))
              .map(golden::tensor)
              .toArray();
      Tensor actual = (Tensor) ((GraphModule) model).forwardAny(inputs);
      Tensor expected = golden.tensor("batch0/output");
      double error = actual.sub(expected).abs().max().item_double();
      assertEquals(
          0,
          error / expected.abs().max().item_double(),
          TOLERANCE,
          () -> ((GraphModule) model).code() + Arrays.toString(inputs));
    }
  }
}
