// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import org.bytedeco.pytorch.Dropout2dImpl;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class InactiveCallsTest {

  private static List<String> names(GraphModule graph) {
    return graph.nodes().stream().map(GraphNode::name).toList();
  }

  @Test
  void removesWhatHandsItsArgumentOn() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue h = b.call("id", new IdentityImpl(), b.call("drop", new DropoutImpl(0.5), x));
    h = b.call("drop2", new Dropout2dImpl(0.5), b.function("aten::dropout", h, 0.5, false));
    h = b.function("aten::dropout", b.call("none", new DropoutImpl(0), h), 0.5, true);
    GraphModule graph = b.output(h, b.call("id", x)).build();
    assertEquals(4, InactiveCalls.remove(graph));
    assertEquals(List.of("x", "drop", "drop2", "dropout_1"), names(graph));
    assertEquals(0, InactiveCalls.remove(graph));
    graph.eval();
    assertEquals(2, InactiveCalls.remove(graph));
    assertEquals(List.of("x", "dropout_1"), names(graph));
    assertEquals(4, graph.childObjects().size(), "the modules stay");
    Tensor in = torch.randn(2, 3);
    assertTrue(torch.equal(in, (Tensor) ((List<?>) graph.forwardAny(in)).get(1)));
  }

  @Test
  void keepsModulesOfOtherClasses() {
    IdentityImpl own = new IdentityImpl() {};
    GraphBuilder b = GraphModule.builder("x");
    GraphModule graph = b.output(b.call("own", own, b.input("x"))).build();
    assertEquals(0, InactiveCalls.remove(graph));
    assertSame(own, graph.child("own"));
  }
}
