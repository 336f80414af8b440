// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.ReLUOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class GraphAliasesTest {

  private static GraphAliases aliases(GraphModule graph) {
    return new GraphAliases(
        new GraphEditor(graph.methods().get(GraphMethod.FORWARD)), new NodeEffects(graph));
  }

  private static GraphNode node(GraphModule graph, String name) {
    return graph.nodes().stream().filter(n -> n.name().equals(name)).findFirst().orElseThrow();
  }

  @Test
  void knowsViewsAndCopies() {
    GraphBuilder b = GraphModule.builder("x", "y");
    GraphValue x = b.input("x");
    GraphValue view = b.flatten(b.transpose(x, 0, 1), 0);
    GraphValue sum = b.add(x, b.input("y"));
    GraphValue dropped = b.function("aten::dropout", sum, 0.5, false);
    GraphValue cat = b.cat(0, sum, dropped);
    GraphValue half = b.item(b.function("aten::chunk", cat, 2), 0);
    GraphAliases aliases = aliases(b.output(view, half).build());
    assertTrue(aliases.mayShare(view, x));
    assertTrue(aliases.mayShare(x, b.input("y")), "a caller may pass the same tensor twice");
    assertFalse(aliases.mayShare(sum, x));
    assertTrue(aliases.mayShare(sum, dropped), "dropout that is not active returns its input");
    assertFalse(aliases.mayShare(cat, sum));
    assertTrue(aliases.mayShare(half, cat));
    assertFalse(aliases.isWritten(x));
  }

  @Test
  void knowsWriters() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue h = b.call("fc", new LinearImpl(3, 3), x);
    GraphValue view = b.flatten(h, 0);
    GraphValue twice = b.function("aten::mul_.Scalar", view, 2);
    GraphValue w = b.parameter("w", torch.ones(3));
    GraphModule graph = b.output(b.add(h, w)).build();
    GraphAliases aliases = aliases(graph);
    assertEquals(List.of(twice), aliases.writers(h));
    assertEquals(
        List.of(h, view, twice), aliases.sharing(view).stream().sorted(this::byName).toList());
    assertEquals(List.of(), aliases.writers(x));
    assertEquals(List.of(), aliases.writers(w));
  }

  private int byName(GraphValue a, GraphValue b) {
    return a.name().compareTo(b.name());
  }

  /** A module of which nothing is known. */
  static class Opaque extends Module {
    Opaque() {
      super("Opaque");
    }

    public Tensor forward(Tensor x) {
      return x.mul_(x);
    }
  }

  @Test
  void knowsLayersAndAssumesTheWorstOfOthers() {
    ReLUImpl inPlace = new ReLUImpl(new ReLUOptions(true));
    GraphBuilder inner = GraphModule.builder("x");
    GraphModule pure = inner.output(inner.add(inner.input("x"), 1)).build();
    inner = GraphModule.builder("x");
    GraphValue added = inner.function("aten::add_.Scalar", inner.input("x"), 1);
    GraphModule writing = inner.output(added).build();
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue fc = b.call("fc", new LinearImpl(3, 3), x);
    GraphValue id = b.call("id", new IdentityImpl(), fc);
    GraphValue relu = b.call("relu", new ReLUImpl(), fc);
    GraphValue relu_ = b.call("relu_", inPlace, relu);
    GraphValue opaque = b.call("opaque", new Opaque(), b.call("fc2", new LinearImpl(3, 3), relu_));
    GraphValue graph1 = b.call("pure", pure, opaque);
    GraphValue fc3 = b.call("fc3", new LinearImpl(3, 3), graph1);
    GraphValue graph2 = b.call("writing", writing, fc3);
    GraphModule graph = b.output(graph2).build();
    graph.eval();
    GraphAliases aliases = aliases(graph);
    assertFalse(aliases.mayShare(fc, x));
    assertTrue(aliases.mayShare(id, fc));
    assertFalse(aliases.mayShare(relu, fc));
    assertTrue(aliases.mayShare(relu_, relu));
    assertEquals(List.of(relu_), aliases.writers(relu));
    assertEquals(List.of(opaque), aliases.writers(opaque));
    assertTrue(aliases.mayShare(graph1, opaque), "a graph may hand its argument on");
    assertEquals(List.of(graph2), aliases.writers(fc3));
    assertEquals(List.of(), aliases.writers(fc));
  }

  @Test
  void knowsWhichNodesCanBeLeftOut() {
    DropoutImpl off = new DropoutImpl(0.5);
    off.eval();
    BatchNorm1dImpl norm = new BatchNorm1dImpl(new BatchNormOptions(3));
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    b.relu(x);
    b.function("aten::relu_", x);
    b.function("aten::dropout", x, 0.5, true);
    b.function("aten::dropout", x, 0.5, false);
    b.function("aten::rand_like", x);
    b.function("aten::bernoulli", x);
    b.function("aten::scaled_dot_product_attention", x, x, x);
    b.function("aten::warn", "beware");
    b.call("off", off, x);
    b.call("on", new DropoutImpl(0.5), x);
    b.call("norm", norm, x);
    b.call("opaque", new Opaque(), x);
    GraphModule graph = b.output(x).build();
    NodeEffects effects = new NodeEffects(graph);
    Map<String, Boolean> expected =
        Map.ofEntries(
            Map.entry("x", false),
            Map.entry("relu", true),
            Map.entry("relu_", false),
            Map.entry("dropout", false),
            Map.entry("dropout_1", true),
            Map.entry("rand_like", false),
            Map.entry("bernoulli", false),
            Map.entry("scaled_dot_product_attention", true),
            Map.entry("warn", false),
            Map.entry("off", true),
            Map.entry("on", false),
            Map.entry("norm", false),
            Map.entry("opaque", false));
    expected.forEach((name, pure) -> assertEquals(pure, effects.isPure(node(graph, name)), name));
    norm.eval();
    assertTrue(new NodeEffects(graph).isPure(node(graph, "norm")));
  }

  @Test
  void readsSchemas() {
    OperatorSchema add = OperatorSchema.of("aten::add_.Tensor");
    assertEquals("aten::add_", add.baseName());
    assertEquals(List.of("self", "other", "alpha"), add.parameters());
    assertTrue(add.writes(0));
    assertFalse(add.writes(1));
    assertTrue(add.mayAlias(0));
    assertFalse(add.mayAlias(1));
    assertTrue(add.hasDefault(2));
    assertEquals(1L, add.defaultValue(2));
    assertTrue(OperatorSchema.of("aten::bernoulli").takesGenerator());
    assertFalse(OperatorSchema.of("aten::warn").hasResults());
    assertFalse(OperatorSchema.of("aten::matmul").mayAlias(0));
    assertTrue(OperatorSchema.of("aten::reshape").mayAlias(0));
    OperatorSchema undeclared = OperatorSchema.of("aten::_no_grad_embedding_renorm_");
    assertTrue(undeclared.writes(0) && undeclared.writesAny() && undeclared.mayAlias(0));
  }
}
