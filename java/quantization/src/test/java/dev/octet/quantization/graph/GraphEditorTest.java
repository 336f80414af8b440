// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class GraphEditorTest {

  private static GraphMethod forward(GraphModule graph) {
    return graph.methods().get(GraphMethod.FORWARD);
  }

  private static GraphValue value(GraphEditor editor, String name) {
    return editor.nodes().stream()
        .map(GraphNode::result)
        .filter(value -> value.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static List<String> names(GraphEditor editor) {
    return editor.nodes().stream().map(GraphNode::name).toList();
  }

  private static GraphModule sumOfTwice() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue relu = b.relu(x);
    GraphValue add = b.add(relu, relu);
    return b.output(add, relu).build();
  }

  @Test
  void knowsProducersAndUsers() {
    GraphModule graph = sumOfTwice();
    GraphEditor editor = new GraphEditor(forward(graph));
    GraphValue relu = value(editor, "relu");
    assertEquals(graph.nodes(), editor.nodes());
    assertEquals("aten::relu", editor.producer(relu).target());
    assertEquals(List.of("add"), editor.users(relu).stream().map(GraphNode::name).toList());
    assertEquals(3, editor.useCount(relu));
    assertTrue(editor.isOutput(relu));
    assertFalse(editor.isOutput(value(editor, "x")));
    assertTrue(editor.position(relu) < editor.position(value(editor, "add")));
    assertFalse(editor.isChanged());
    assertEquals(forward(graph), editor.method());
  }

  @Test
  void insertsReplacesAndErases() {
    GraphModule graph = sumOfTwice();
    Tensor x = torch.randn(3);
    Tensor expected = x.sigmoid().add(x.sigmoid());
    GraphEditor editor = new GraphEditor(forward(graph));
    GraphValue relu = value(editor, "relu");
    GraphValue sigmoid =
        editor.insertFunction(relu, "aten::sigmoid", List.of(value(editor, "x")), "a.py:1");
    editor.replaceUses(relu, sigmoid);
    assertEquals(0, editor.useCount(relu));
    assertEquals(3, editor.useCount(sigmoid));
    editor.erase(relu);
    assertNull(editor.producer(relu));
    assertEquals(1, editor.useCount(value(editor, "x")));
    assertEquals(List.of("x", "sigmoid", "add"), names(editor));
    assertEquals("a.py:1", editor.producer(sigmoid).source());
    assertTrue(editor.isChanged());
    graph.replaceMethod(GraphMethod.FORWARD, editor.method());
    List<?> results = (List<?>) graph.forwardAny(x);
    assertTrue(torch.equal(expected, (Tensor) results.get(0)));
    assertTrue(torch.equal(x.sigmoid(), (Tensor) results.get(1)));
  }

  @Test
  void findsUnusedNamesAndPositionsForManyInsertions() {
    GraphEditor editor = new GraphEditor(forward(sumOfTwice()));
    GraphValue add = value(editor, "add");
    GraphValue last = value(editor, "relu");
    for (int i = 0; i < 100; i++) {
      GraphValue next = editor.insertFunction(add, "aten::relu", List.of(last), null);
      assertTrue(editor.position(last) < editor.position(next));
      assertTrue(editor.position(next) < editor.position(add));
      last = next;
    }
    assertEquals("relu_100", last.name());
    assertEquals(103, editor.nodes().size());
  }

  @Test
  void completesArguments() {
    GraphEditor editor = new GraphEditor(forward(sumOfTwice()));
    GraphValue add = value(editor, "add");
    GraphValue x = value(editor, "x");
    GraphValue softmax = editor.insertFunction(add, "aten::softmax.int", List.of(x, -1), null);
    assertEquals(3, editor.producer(softmax).arguments().size());
    assertEquals(-1L, editor.producer(softmax).arguments().get(1));
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> editor.insertFunction(add, "aten::softmax.int", List.of(x), null))
            .getMessage();
    assertTrue(message.contains("takes 3 arguments, and 1 are given"), message);
  }

  @Test
  void keepsWhatIsUsed() {
    GraphEditor editor = new GraphEditor(forward(sumOfTwice()));
    GraphValue relu = value(editor, "relu");
    String message =
        assertThrows(IllegalStateException.class, () -> editor.erase(relu)).getMessage();
    assertTrue(message.contains("'relu' is used by [add] and returned"), message);
    message =
        assertThrows(
                IllegalArgumentException.class, () -> editor.erase(new GraphValue("elsewhere")))
            .getMessage();
    assertTrue(message.contains("'elsewhere' is made by no node"), message);
  }

  /** if (x.sum() > 0) { y = relu(x) } else { y = x }; return (y, relu again). */
  private static GraphModule branching() {
    GraphValue x = new GraphValue("x");
    GraphValue condition = new GraphValue("condition");
    GraphValue inner = new GraphValue("inner");
    GraphValue y = new GraphValue("y");
    GraphNode branch =
        new GraphNode(
            y,
            GraphNode.Kind.IF,
            "",
            List.of(condition),
            List.of(
                new GraphBlock(
                    List.of(),
                    List.of(
                        new GraphNode(
                            inner, GraphNode.Kind.CALL_FUNCTION, "aten::relu", List.of(x))),
                    List.of(inner)),
                new GraphBlock(List.of(), List.of(), List.of(x))),
            null);
    GraphMethod method =
        new GraphMethod(
            List.of(new GraphInput("x"), new GraphInput("condition")),
            List.of(
                new GraphNode(x, GraphNode.Kind.INPUT, "x", List.of()),
                new GraphNode(condition, GraphNode.Kind.INPUT, "condition", List.of()),
                branch),
            y);
    return GraphModule.of(
        new GraphDefinition(
            "Branching", Map.of(), Map.of(), Map.of(), Map.of(GraphMethod.FORWARD, method), false));
  }

  @Test
  void changesBlocks() {
    GraphModule graph = branching();
    GraphEditor editor = new GraphEditor(forward(graph));
    GraphValue inner = value(editor, "inner");
    GraphValue x = value(editor, "x");
    assertFalse(editor.inSameBlock(inner, x));
    assertTrue(editor.isOutput(inner));
    assertTrue(editor.isOutput(x));
    assertTrue(editor.position(value(editor, "y")) < editor.position(inner));
    GraphValue tanh = editor.insertFunction(inner, "aten::tanh", List.of(x), null);
    assertTrue(editor.position(value(editor, "y")) < editor.position(tanh));
    editor.replaceUses(inner, tanh);
    editor.erase(inner);
    assertEquals(List.of("x", "condition", "y", "tanh"), names(editor));
    graph.replaceMethod(GraphMethod.FORWARD, editor.method());
    Tensor in = torch.randn(3);
    assertTrue(torch.equal(in.tanh(), (Tensor) graph.forwardAny(in, true)));
    assertTrue(torch.equal(in, (Tensor) graph.forwardAny(in, false)));
  }

  @Test
  void erasesNodesWithTheirBlocks() {
    GraphEditor editor = new GraphEditor(forward(branching()));
    GraphValue x = value(editor, "x");
    editor.replaceUses(value(editor, "y"), x);
    editor.erase(value(editor, "y"));
    assertEquals(List.of("x", "condition"), names(editor));
    assertEquals(1, editor.useCount(x));
    assertEquals(0, editor.useCount(value(editor, "condition")));
    assertSame(x, editor.method().output());
  }
}
