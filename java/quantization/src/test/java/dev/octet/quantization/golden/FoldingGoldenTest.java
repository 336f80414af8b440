// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.transform.BatchNormFolding;
import dev.octet.quantization.transform.FoldingReport;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Imported models give the recorded outputs after their batch normalizations are folded. */
class FoldingGoldenTest {

  @TestFactory
  Stream<DynamicTest> outputs() {
    return GoldenCase.tests(
        golden -> {
          GraphModule model =
              (GraphModule)
                  ImportedGolden.load(
                      GoldenFolder.get().file(golden.params().get("script").asText()));
          FoldingReport report = BatchNormFolding.fold(model);
          if (golden.id().contains("resnet")) {
            assertEquals(List.of(), report.left());
            assertEquals(batchNorms(golden), report.folded().size());
          }
          RecordedOutputs.check(golden, model);
        },
        "torchscript");
  }

  private static long batchNorms(GoldenCase golden) {
    return StreamSupport.stream(
            GoldenFolder.get()
                .json(golden.params().get("detail").asText())
                .get("modules")
                .spliterator(),
            false)
        .filter(module -> module.get("type").asText().equals("BatchNorm2d"))
        .count();
  }
}
