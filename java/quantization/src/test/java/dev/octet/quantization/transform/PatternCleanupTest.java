// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphInput;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.ValuePattern;
import dev.octet.quantization.transform.match.ValuePatterns;
import dev.octet.quantization.transform.pattern.Pattern;
import dev.octet.quantization.transform.pattern.SiluPattern;
import dev.octet.quantization.tree.JavaSequential;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class PatternCleanupTest {

  /** In seconds: some ten times what it takes, for code that is not compiled yet. */
  private static final double LIMIT = 5;

  private static GraphModule silu() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    return b.output(b.mul(x, b.sigmoid(x))).build();
  }

  private static GraphNode function(String name, String operator, GraphNode... arguments) {
    return new GraphNode(
        new GraphValue(name),
        GraphNode.Kind.CALL_FUNCTION,
        operator,
        List.of((Object[]) Arrays.stream(arguments).map(GraphNode::result).toArray()),
        List.of(),
        "model.py:" + name.length());
  }

  private static GraphNode input(String name) {
    return new GraphNode(new GraphValue(name), GraphNode.Kind.INPUT, name, List.of());
  }

  @Test
  void visitsAllGraphsOfATree() {
    GraphModule shared = silu();
    GraphBuilder b = GraphModule.builder("x");
    GraphValue h = b.call("first", shared, b.input("x"));
    h = b.call("chain", new JavaSequential(shared, silu(), new LinearImpl(3, 3)), h);
    GraphModule model = b.output(b.mul(h, b.sigmoid(h))).build();
    Tensor x = torch.randn(2, 3);
    Tensor expected = model.forward(x);
    CleanupReport report = PatternCleanup.apply(model);
    assertEquals(
        List.of("", "first", "chain.1"),
        report.found().stream().map(CleanupReport.Found::path).toList());
    assertTrue(torch.allclose(expected, model.forward(x)));
    assertEquals(List.of(), PatternCleanup.apply(model).found());
  }

  /** if (c) { y = x * sigmoid(x) } else { y = x * s }, with s = sigmoid(x) computed before. */
  @Test
  void looksIntoBlocksButNotAcrossThem() {
    GraphNode x = input("x");
    GraphNode c = input("c");
    GraphNode outer = function("outer", "aten::sigmoid", x);
    GraphNode inner = function("inner", "aten::sigmoid", x);
    GraphNode yes = function("yes", "aten::mul.Tensor", x, inner);
    GraphNode no = function("no", "aten::mul.Tensor", x, outer);
    GraphNode branch =
        new GraphNode(
            new GraphValue("y"),
            GraphNode.Kind.IF,
            "",
            List.of(c.result()),
            List.of(
                new GraphBlock(List.of(), List.of(inner, yes), List.of(yes.result())),
                new GraphBlock(List.of(), List.of(no), List.of(no.result()))),
            null);
    GraphMethod method =
        new GraphMethod(
            List.of(new GraphInput("x"), new GraphInput("c")),
            List.of(x, c, outer, branch),
            branch.result());
    Map<String, GraphMethod> methods = new LinkedHashMap<>();
    methods.put(GraphMethod.FORWARD, method);
    methods.put("other", method);
    GraphModule graph =
        GraphModule.of(
            new GraphDefinition("Branches", Map.of(), Map.of(), Map.of(), methods, false));
    Tensor in = torch.randn(4);
    Tensor expected = (Tensor) graph.forwardAny(in, true);
    CleanupReport report = PatternCleanup.apply(graph);
    assertEquals(
        List.of(
            new CleanupReport.Found("", "forward", "silu", List.of("inner", "yes"), "model.py:3"),
            new CleanupReport.Found("", "other", "silu", List.of("inner", "yes"), "model.py:3")),
        report.found());
    assertEquals("'outer' is computed outside of the block", report.left().get(0).reason());
    assertEquals("no", report.left().get(0).node());
    assertTrue(torch.allclose(expected, (Tensor) graph.forwardAny(in, true)));
    assertTrue(torch.allclose(expected, (Tensor) graph.forwardAny(in, false)));
  }

  /** A pattern of a user's own: relu(relu(x)) is relu(x). */
  private static final class DoubleRelu implements Pattern {
    private static final ValuePattern TWICE =
        ValuePatterns.function(
            "aten::relu", ValuePatterns.function("aten::relu", ValuePatterns.value("x")));

    @Override
    public String name() {
      return "double-relu";
    }

    @Override
    public boolean mayEndAt(GraphNode node) {
      return node.target().startsWith("aten::relu");
    }

    @Override
    public boolean matches(Match match) {
      return TWICE.matches(match.root().result(), match);
    }

    @Override
    public GraphValue rewrite(Match match) {
      return match.insert("aten::relu", match.bound("x"));
    }
  }

  @Test
  void repeatsUntilNothingChanges() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue h = b.input("x");
    for (int i = 0; i < 7; i++) {
      h = b.relu(h);
    }
    GraphModule graph = b.output(h).build();
    assertEquals(6, PatternCleanup.apply(graph, List.of(new DoubleRelu())).count("double-relu"));
    assertEquals(2, graph.nodes().size(), graph.code());
    assertEquals(0, PatternCleanup.apply(silu(), List.of(new DoubleRelu())).found().size());
    assertEquals(1, PatternCleanup.apply(silu(), List.of(new SiluPattern())).found().size());
  }

  @Test
  void isFastForLargeGraphs() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue h = b.input("x");
    int blocks = 700;
    for (int i = 0; i < blocks; i++) {
      GraphValue scores = b.div(b.matmul(h, b.transpose(h, -1, -2)), 8.0);
      GraphValue context = b.matmul(b.softmax(scores, -1), h);
      h = b.add(b.add(b.add(context, 1), h), 2);
      GraphValue d = b.sub(h, b.mean(h, List.of(-1), true));
      GraphValue variance = b.mean(b.mul(d, d), List.of(-1), true);
      h = b.mul(d, b.function("aten::rsqrt", b.add(variance, 1e-5)));
      h = b.mul(b.mul(h, 0.5), b.add(b.function("aten::erf", b.div(h, Math.sqrt(2))), 1));
    }
    GraphModule graph = b.output(h).build();
    assertTrue(graph.nodes().size() > 10_000);
    CleanupReport[] report = {null};
    double seconds = processorSeconds(() -> report[0] = PatternCleanup.apply(graph));
    assertEquals(blocks, report[0].count("attention"));
    assertEquals(blocks, report[0].count("layer-norm"));
    assertEquals(blocks, report[0].count("gelu"));
    assertTrue(seconds < LIMIT, seconds + " s");
  }

  /** Chains in which every node looks much like the last of a pattern. */
  @Test
  void isFastForLongChains() {
    List<GraphNode> nodes = new ArrayList<>(List.of(input("x")));
    GraphNode x = nodes.get(0);
    GraphNode h = x;
    for (int i = 0; i < 10_000; i++) {
      boolean product = i % 2 == 0;
      h =
          new GraphNode(
              new GraphValue("h" + i),
              GraphNode.Kind.CALL_FUNCTION,
              product ? "aten::mul.Scalar" : "aten::add.Tensor",
              product ? List.of(h.result(), 1.0001) : List.of(h.result(), x.result(), 1L));
      nodes.add(h);
    }
    GraphMethod method = new GraphMethod(List.of(new GraphInput("x")), nodes, h.result());
    GraphModule graph =
        GraphModule.of(
            new GraphDefinition(
                "Chain", Map.of(), Map.of(), Map.of(), Map.of(GraphMethod.FORWARD, method), false));
    double seconds = processorSeconds(() -> PatternCleanup.apply(graph));
    assertTrue(seconds < LIMIT, seconds + " s");
  }

  /** Time on the processor, of which other processes take none. */
  private static double processorSeconds(Runnable task) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    long start = threads.getCurrentThreadCpuTime();
    task.run();
    return (threads.getCurrentThreadCpuTime() - start) / 1e9;
  }
}
