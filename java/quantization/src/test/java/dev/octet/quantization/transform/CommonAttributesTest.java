// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class CommonAttributesTest {

  private static GraphNode read(String name, String attribute) {
    return new GraphNode(new GraphValue(name), GraphNode.Kind.GET_ATTRIBUTE, attribute, List.of());
  }

  private static GraphNode add(String name, GraphNode a, GraphNode b) {
    return new GraphNode(
        new GraphValue(name),
        GraphNode.Kind.CALL_FUNCTION,
        "aten::add.Tensor",
        List.of(a.result(), b.result(), 1L));
  }

  private static GraphModule graph(List<GraphNode> nodes, Object output) {
    GraphMethod method =
        new GraphMethod(List.of(new GraphInput("x"), new GraphInput("c")), nodes, output);
    return GraphModule.of(
        new GraphDefinition(
            "Reads",
            Map.of(),
            Map.of(
                "w",
                new GraphAttribute(torch.ones(2), GraphAttribute.Kind.PARAMETER),
                "state",
                new GraphAttribute(torch.zeros(2), GraphAttribute.Kind.BUFFER)),
            Map.of(),
            Map.of(GraphMethod.FORWARD, method),
            false));
  }

  private static List<String> names(GraphModule graph) {
    List<String> names = new ArrayList<>();
    GraphNodes.visit(graph.nodes(), node -> names.add(node.name()));
    return names;
  }

  @Test
  void mergesReadsWithinTheirScope() {
    GraphNode x = new GraphNode(new GraphValue("x"), GraphNode.Kind.INPUT, "x", List.of());
    GraphNode c = new GraphNode(new GraphValue("c"), GraphNode.Kind.INPUT, "c", List.of());
    GraphNode inBlock = read("w_0", "w");
    GraphNode again = read("w_1", "w");
    GraphNode sum = add("sum", inBlock, again);
    GraphNode branch =
        new GraphNode(
            new GraphValue("y"),
            GraphNode.Kind.IF,
            "",
            List.of(c.result()),
            List.of(
                new GraphBlock(List.of(), List.of(inBlock, again, sum), List.of(sum.result())),
                new GraphBlock(List.of(), List.of(), List.of(x.result()))),
            null);
    GraphNode after = read("w_2", "w");
    GraphNode total = add("total", branch, after);
    GraphModule graph = graph(List.of(x, c, branch, after, total), total.result());
    Tensor in = torch.randn(2);
    Tensor expected = (Tensor) graph.forwardAny(in, true);
    assertEquals(1, CommonAttributes.merge(graph));
    assertEquals(List.of("x", "c", "y", "w_0", "sum", "w_2", "total"), names(graph));
    assertTrue(torch.equal(expected, (Tensor) graph.forwardAny(in, true)));
    assertTrue(torch.equal(in.add(torch.ones(2)), (Tensor) graph.forwardAny(in, false)));
  }

  @Test
  void keepsReadsOfWhatIsSet() {
    GraphNode x = new GraphNode(new GraphValue("x"), GraphNode.Kind.INPUT, "x", List.of());
    GraphNode before = read("before", "state");
    GraphNode set =
        new GraphNode(
            new GraphValue("set"), GraphNode.Kind.SET_ATTRIBUTE, "state", List.of(x.result()));
    GraphNode after = read("after", "state");
    GraphNode difference = add("difference", before, after);
    GraphModule graph = graph(List.of(x, before, set, after, difference), difference.result());
    assertEquals(0, CommonAttributes.merge(graph));
    Tensor in = torch.randn(2);
    assertTrue(torch.equal(in, (Tensor) graph.forwardAny(in, true)));
  }
}
