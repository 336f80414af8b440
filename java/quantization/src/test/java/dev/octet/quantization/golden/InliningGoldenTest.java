// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.transform.GraphInlining;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Imported models written out in full compute the same bits. */
class InliningGoldenTest {

  @TestFactory
  Stream<DynamicTest> sameBits() {
    return GoldenCase.tests(
        golden -> {
          GraphModule model =
              (GraphModule)
                  ImportedGolden.load(
                      GoldenFolder.get().file(golden.params().get("script").asText()));
          try (NoGradGuard noGrad = new NoGradGuard()) {
            Object[] inputs =
                golden.inputs().stream()
                    .filter(role -> role.startsWith("batch0/input"))
                    .map(golden::tensor)
                    .toArray();
            Tensor before = (Tensor) model.forwardAny(inputs);
            GraphInlining.inline(model);
            Tensor after = (Tensor) model.forwardAny(inputs);
            assertTrue(torch.equal(before, after), model.code());
          }
          GraphNodes.visit(
              model.nodes(),
              node -> {
                assertFalse(node.kind() == GraphNode.Kind.CALL_METHOD, node::toString);
                if (node.kind() == GraphNode.Kind.CALL_MODULE) {
                  assertFalse(model.child(node.target()) instanceof GraphModule, node::toString);
                }
              });
          long inputs =
              model.nodes().stream().filter(n -> n.kind() == GraphNode.Kind.INPUT).count();
          assertEquals(model.inputs().size(), inputs);
        },
        "torchscript");
  }
}
