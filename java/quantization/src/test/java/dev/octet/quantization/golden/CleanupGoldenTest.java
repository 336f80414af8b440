// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.transform.CleanupReport;
import dev.octet.quantization.transform.GraphInlining;
import dev.octet.quantization.transform.PatternCleanup;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Imported models give the recorded outputs after the clean-up, in which attention is found. */
class CleanupGoldenTest {

  @TestFactory
  Stream<DynamicTest> moduleByModule() {
    return GoldenCase.tests(
        golden -> {
          GraphModule model = load(golden);
          CleanupReport report = PatternCleanup.apply(model);
          Set<String> paths = new TreeSet<>();
          report.found().forEach(found -> paths.add(found.path()));
          assertTrue(paths.containsAll(attentions(golden)), report + model.code());
          RecordedOutputs.check(golden, model);
        },
        "torchscript");
  }

  @TestFactory
  Stream<DynamicTest> writtenOutInFull() {
    return GoldenCase.tests(
        golden -> {
          GraphModule model = load(golden);
          GraphInlining.inline(model);
          CleanupReport report = PatternCleanup.apply(model);
          long found = report.found().stream().filter(each -> each.path().isEmpty()).count();
          assertTrue(found >= attentions(golden).size(), report + model.code());
          RecordedOutputs.check(golden, model);
        },
        "torchscript");
  }

  /** The paths of the modules that are attentions spelled out. */
  private static List<String> attentions(GoldenCase golden) {
    List<String> paths = new ArrayList<>();
    GoldenFolder.get()
        .json(golden.params().get("detail").asText())
        .get("modules")
        .forEach(
            module -> {
              if (module.get("type").asText().equals("SelfAttention")) {
                paths.add(module.get("path").asText());
              }
            });
    return paths;
  }

  private static GraphModule load(GoldenCase golden) {
    return (GraphModule)
        ImportedGolden.load(GoldenFolder.get().file(golden.params().get("script").asText()));
  }
}
