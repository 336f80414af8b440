// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class GraphModuleTest {

  private static boolean same(Tensor a, Tensor b) {
    return torch.equal(a, b);
  }

  private static GraphModule residual(LinearImpl fc) {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue h = b.relu(b.call("fc", fc, x));
    return b.output(b.add(h, x)).build();
  }

  @Test
  void runsModulesAndFunctions() {
    LinearImpl fc = new LinearImpl(4, 4);
    GraphModule graph = residual(fc);
    Tensor x = torch.randn(3, 4);
    Tensor y = graph.forward(x);
    assertTrue(same(fc.forward(x).relu().add(x), y));
    assertFalse(x.isNull());
    assertEquals(List.of("x"), graph.inputs());
    assertEquals(
        List.of("x", "fc", "relu", "add"), graph.nodes().stream().map(GraphNode::name).toList());
    assertEquals(
        Arrays.asList(graph.nodes().get(2).result(), graph.nodes().get(0).result(), 1L),
        graph.nodes().get(3).arguments());
    assertSame(fc, graph.child("fc"));
    assertSame(graph.nodes().get(3).result(), graph.output());
  }

  @Test
  void gradientsFlow() {
    LinearImpl fc = new LinearImpl(4, 4);
    Tensor x = torch.randn(3, 4);
    residual(fc).forward(x).sum().backward();
    Tensor gradient = fc.weight().grad().clone();
    fc.weight().mutable_grad().zero_();
    fc.forward(x).relu().add(x).sum().backward();
    assertTrue(same(gradient, fc.weight().grad()));
  }

  @Test
  void runsAttention() {
    GraphBuilder b = GraphModule.builder("x", "mask");
    GraphValue x = b.input("x");
    GraphValue q = b.transpose(b.reshape(b.call("q", new LinearImpl(8, 8), x), 0, 0, 2, 4), 1, 2);
    GraphValue k = b.transpose(b.reshape(b.call("k", new LinearImpl(8, 8), x), 0, 0, 2, 4), 1, 2);
    GraphValue mask = b.affine(b.unsqueeze(b.unsqueeze(b.input("mask"), 1), 1), 1e4, -1e4);
    GraphValue p = b.softmax(b.add(b.matmul(q, b.transpose(k, -1, -2)), mask), -1);
    GraphValue c = b.reshape(b.transpose(b.matmul(p, q), 1, 2), 0, 0, 8);
    GraphValue pooled = b.mean(b.gelu(c), List.of(1), false);
    GraphValue first = b.tanh(b.select(c, 1, 0));
    GraphModule graph = b.output(b.cat(-1, pooled, first), b.positions(x, 1)).build();
    Tensor in = torch.randn(2, 3, 8);
    Tensor ones = torch.ones(2, 3);
    List<?> result = assertInstanceOf(List.class, graph.forwardAny(in, ones));
    LinearImpl ql = (LinearImpl) graph.child("q");
    LinearImpl kl = (LinearImpl) graph.child("k");
    Tensor qd = ql.forward(in).reshape(2, 3, 2, 4).transpose(1, 2);
    Tensor kd = kl.forward(in).reshape(2, 3, 2, 4).transpose(1, 2);
    Tensor cd =
        torch
            .softmax(qd.matmul(kd.transpose(-1, -2)), -1)
            .matmul(qd)
            .transpose(1, 2)
            .reshape(2, 3, 8);
    Tensor tail = ((Tensor) result.get(0)).slice(1, new LongOptional(8), new LongOptional(16), 1);
    assertTrue(torch.allclose(cd.select(1, 0).tanh(), tail));
    assertEquals(3, ((Tensor) result.get(1)).numel());
    assertThrows(IllegalStateException.class, () -> graph.forward(in, ones));
  }

  @Test
  void takesItemsOfSeveralResults() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue max = b.function("aten::max.dim", b.input("x"), 1);
    GraphValue lstm = b.call("lstm", new LSTMImpl(4, 3), b.unsqueeze(b.input("x"), 0));
    GraphValue state = b.item(lstm, 1);
    GraphModule graph = b.output(b.item(max, 1), b.item(lstm, 0), b.item(state, 0)).build();
    Tensor x = torch.randn(2, 4);
    List<?> results = (List<?>) graph.forwardAny(x);
    assertTrue(same(x.argmax(new LongOptional(1), false), (Tensor) results.get(0)));
    assertEquals(3, ((Tensor) results.get(1)).size(2));
    assertTrue(same(((Tensor) results.get(1)), ((Tensor) results.get(2))));
    assertThrows(IllegalArgumentException.class, () -> b.item(max, 2));
  }

  @Test
  void passesNumbersListsNoneAndNamedArguments() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue half = b.function("aten::floordiv.int", b.size(x, 1), 2);
    GraphValue sliced = b.function("aten::slice.Tensor", x, 1, null, half);
    GraphValue sum =
        b.function("aten::sum.dim_IntList", List.of(sliced, 1), Map.of("keepdim", true));
    GraphValue wide = b.function("aten::to.dtype", sum, torch.ScalarType.Double);
    GraphValue indexed =
        b.function("aten::index.Tensor", x, Arrays.asList(null, b.positions(x, 1)));
    GraphValue pooled = b.function("aten::avg_pool2d", b.unsqueeze(x, 0), 2);
    GraphModule graph = b.output(wide, indexed, pooled).build();
    Tensor in = torch.randn(2, 4);
    List<?> results = (List<?>) graph.forwardAny(in);
    Tensor expected =
        in.slice(1, new LongOptional(0), new LongOptional(2), 1)
            .sum(new long[] {1}, true, new ScalarTypeOptional())
            .to(torch.ScalarType.Double);
    assertTrue(same(expected, (Tensor) results.get(0)));
    assertTrue(same(in, (Tensor) results.get(1)));
    assertEquals(2, ((Tensor) results.get(2)).size(2));
  }

  @Test
  void sharesChildrenAndCallsThemTwice() {
    LinearImpl fc = new LinearImpl(4, 4);
    GraphBuilder b = GraphModule.builder("x").child("again", fc);
    GraphValue h = b.call("fc", fc, b.input("x"));
    h = b.call("fc", h);
    GraphModule inner = b.output(b.call("again", h)).build();
    GraphModule outer = GraphModule.sequential(inner, new ReLUImpl());
    Tensor x = torch.randn(1, 4);
    Tensor expected = fc.forward(fc.forward(fc.forward(x))).relu();
    assertTrue(same(expected, outer.forward(x)));
    assertEquals("0.again", ModuleTree.of(outer).nodes().get(3).sameAs());
    GraphModule copy = ModelCopier.copy(outer);
    assertTrue(same(expected, copy.forward(x)));
    GraphModule innerCopy = (GraphModule) copy.child("0");
    assertSame(innerCopy.child("fc"), innerCopy.child("again"));
    assertNotSame(fc, innerCopy.child("fc"));
    fc.weight().detach().zero_();
    assertTrue(same(expected, copy.forward(x)));
  }

  @Test
  void keepsParametersBuffersAndConstants() {
    EmbeddingImpl embedding = new EmbeddingImpl(5, 4);
    GraphBuilder b = GraphModule.builder("i");
    GraphValue e = b.call("embedding", embedding, b.input("i"));
    GraphValue scaled = b.mul(e, b.parameter("scale", torch.ones(4).requires_grad_(true)));
    GraphValue shifted = b.add(scaled, b.buffer("shift", torch.ones(4)));
    GraphValue logits = b.matmul(shifted, b.transpose(b.attribute("embedding.weight"), 0, 1));
    GraphModule graph = b.output(b.add(logits, b.constant("c", torch.ones(5)))).build();
    assertEquals(2, graph.named_parameters().size());
    assertEquals(1, graph.named_buffers().size());
    Tensor i = torch.arange(new Scalar(5));
    Tensor w = embedding.weight();
    Tensor one = torch.ones(5);
    Tensor expected = embedding.forward(i).add(torch.ones(4)).matmul(w.t()).add(one);
    assertTrue(torch.allclose(expected, graph.forward(i)));
    GraphModule copy = ModelCopier.copy(graph);
    assertTrue(copy.attribute("scale").requires_grad());
    copy.attribute("scale").detach().zero_();
    assertTrue(torch.allclose(expected, graph.forward(i)));
    graph.to(torch.ScalarType.Double, false);
    assertEquals(torch.ScalarType.Double, graph.attribute("scale").scalar_type().intern());
  }

  @Test
  void childrenAreReplacedThroughTheTree() {
    GraphModule graph = residual(new LinearImpl(4, 4));
    Tensor x = torch.randn(1, 4);
    ModuleTree.of(graph).replace("fc", new IdentityImpl());
    assertTrue(same(x.relu().add(x), graph.forward(x)));
    assertInstanceOf(IdentityImpl.class, graph.child("fc"));
    assertEquals("Identity", ModuleTypes.typeName(graph.named_children().get("fc")));
  }

  @Test
  void isMadeOfASequential() {
    SequentialImpl sequential = new SequentialImpl();
    sequential.push_back("fc", new LinearImpl(4, 4));
    sequential.push_back("drop", new DropoutImpl());
    sequential.eval();
    GraphModule graph = GraphModule.fromSequential(sequential);
    Tensor x = torch.randn(2, 4);
    assertTrue(same(sequential.forward(x), graph.forward(x)));
    assertEquals("Sequential", ModuleTypes.typeName(graph));
    assertFalse(graph.is_training());
    assertFalse(graph.child("drop").is_training());
    assertTrue(ModuleTypes.same(sequential.ptr(0), graph.child("fc")));
  }

  @Test
  void resultsAreTheCallersAndArgumentsStayTheirs() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphModule graph = b.output(x, x, b.call("id", new IdentityImpl(), x)).build();
    Tensor in = torch.randn(2);
    List<?> results = (List<?>) graph.forwardAny(in);
    results.forEach(each -> ((Tensor) each).close());
    assertFalse(in.isNull());
    GraphModule nested = GraphModule.sequential(GraphModule.sequential(new IdentityImpl()));
    nested.forward(in).close();
    assertFalse(in.isNull());
    try (PointerScope scope = new PointerScope()) {
      assertTrue(same(in, nested.forward(in)));
    }
    assertTrue(same(in, nested.forward(in)));
  }

  @Test
  void aGraphBuiltInAScopeOutlivesIt() {
    GraphModule graph;
    LinearImpl fc = new LinearImpl(2, 2);
    Tensor x = torch.randn(1, 2);
    try (PointerScope scope = new PointerScope()) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue h = b.function("aten::flip", b.call("fc", fc, b.input("x")), List.of(1));
      graph = b.output(b.add(h, b.buffer("shift", torch.ones(2)))).build();
      graph.retainReference();
    }
    assertEquals(2, graph.forward(x).numel());
  }

  @Test
  void reportsMistakesWhenBuilding() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    check("aten::relu", () -> b.function("aten::rellu", x));
    check("aten::add.Tensor", () -> b.function("aten::add.Tensr", x, x));
    check("'other'", () -> b.function("aten::add.Tensor", x));
    check("takes 1 arguments", () -> b.function("aten::relu", x, 1));
    check("must be int, but is 1.5", () -> b.function("aten::softmax.int", x, 1.5));
    check("must be Tensor, but is value 'size' of type Int", () -> b.relu(b.size(x, 0)));
    check("must be int[], but is value", () -> b.function("aten::permute", x, b.relu(x)));
    check(
        "no arguments [dims]",
        () -> b.function("aten::softmax.int", List.of(x, 1), Map.of("dims", 1)));
    check(
        "by position and by name",
        () -> b.function("aten::softmax.int", List.of(x, 1), Map.of("dim", 1)));
    check("another builder", () -> b.relu(GraphModule.builder("x").input("x")));
    check("no input 'y'", () -> b.input("y"));
    check("no child 'fc' to call", () -> b.call("fc", x));
    b.child("fc1", new LinearImpl(2, 2));
    check("fc1", () -> b.call("fc", x));
    check("registered already", () -> b.child("fc1", new LinearImpl(2, 2)));
    check("dot", () -> b.child("a.b", new LinearImpl(2, 2)));
    check("constant(name, tensor)", () -> b.function("aten::relu", torch.ones(1)));
    check("no attribute 'w'", () -> b.attribute("w"));
    assertThrows(IllegalStateException.class, b::build);
  }

  private static void check(String expected, Runnable mistake) {
    String message = assertThrows(IllegalArgumentException.class, mistake::run).getMessage();
    assertTrue(message.contains(expected), message);
  }

  @Test
  void saysWhereARunFailed() {
    GraphModule graph = residual(new LinearImpl(4, 3));
    RuntimeException failed =
        assertThrows(RuntimeException.class, () -> graph.forward(torch.randn(2, 4)));
    assertTrue(
        failed.getSuppressed()[0].getMessage().contains("add = aten::add.Tensor(relu, x, 1)"));
    check("takes 1 arguments [x]", () -> graph.forward(torch.ones(1), torch.ones(1)));
    check("nearest to 'fd' are [fc]", () -> graph.child("fd"));
  }

  @Test
  void prints() {
    GraphModule graph = GraphModule.sequential(residual(new LinearImpl(4, 4)));
    assertEquals("Sequential\n  (0): GraphModule\n    (fc): Linear\n", graph.toString());
    assertEquals(
        "graph(x):\n"
            + "  fc = self.fc(x)  # Linear\n"
            + "  relu = aten::relu(fc)\n"
            + "  add = aten::add.Tensor(relu, x, 1)\n"
            + "  return add\n",
        ((GraphModule) graph.child("0")).code());
  }

  static class Keeps extends Module {
    Tensor kept = torch.ones(2);

    public Tensor forward(Tensor x) {
      return kept;
    }
  }

  @Test
  void doesNotCloseWhatAUsersModuleKeeps() {
    Keeps keeps = new Keeps();
    GraphModule graph = GraphModule.sequential(keeps, new ReLUImpl());
    graph.forward(torch.ones(1)).close();
    GraphModule.sequential(keeps).forward(torch.ones(1)).close();
    assertFalse(keeps.kept.isNull());
    assertSame(keeps.kept, ModuleCall.forward(keeps, torch.ones(1)));
  }
}
