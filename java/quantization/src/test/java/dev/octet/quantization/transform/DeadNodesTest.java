// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class DeadNodesTest {

  private static List<String> names(GraphModule graph) {
    return graph.nodes().stream().map(GraphNode::name).toList();
  }

  @Test
  void removesWhatNobodyNeeds() {
    GraphBuilder b = GraphModule.builder("x", "unused");
    GraphValue x = b.input("x");
    GraphValue dead = b.relu(b.call("dead", new LinearImpl(3, 3), x));
    b.add(dead, b.parameter("p", torch.ones(3)));
    GraphValue written = b.add(x, 1);
    b.function("aten::mul_.Scalar", written, 2);
    b.call("draws", new DropoutImpl(0.5), x);
    GraphModule inner = b.output(b.add(written, x)).build();
    inner.child("dead").eval();
    GraphBuilder outer = GraphModule.builder("x");
    GraphModule wrapped =
        outer.output(outer.call("inner", inner, outer.input("x"), outer.input("x"))).build();
    assertEquals(4, DeadNodes.remove(wrapped));
    assertEquals(List.of("x", "unused", "add_1", "mul_", "draws", "add_2"), names(inner));
    assertEquals(0, DeadNodes.remove(wrapped));
  }
}
