// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.pattern.PatternChecks.becomes;
import static dev.octet.quantization.transform.pattern.PatternChecks.stays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.SoftmaxImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class AttentionPatternTest {

  private static final String SDPA = "aten::scaled_dot_product_attention";
  private static final long BATCH = 2;
  private static final long HEADS = 3;
  private static final long LENGTH = 5;
  private static final long SIZE = 4;
  private static final long WIDTH = HEADS * SIZE;
  private static final double ROOT = Math.sqrt(SIZE);

  private final Tensor x = torch.randn(BATCH, LENGTH, WIDTH);

  /** A 1 for what counts, a 0 for what is padding; the second sequence is all padding. */
  private final Tensor ones = ones();

  private static Tensor ones() {
    Tensor ones = torch.ones(BATCH, 1, 1, LENGTH);
    ones.narrow(0, 0, 1).narrow(3, 3, 2).zero_();
    ones.narrow(0, 1, 1).zero_();
    return ones;
  }

  private static double scaleOf(GraphNode attention) {
    return (Double) attention.arguments().get(6);
  }

  private static GraphBuilder builder() {
    return GraphModule.builder("x", "mask");
  }

  private static GraphValue heads(GraphBuilder b, String name) {
    GraphValue all = b.call(name, new LinearImpl(WIDTH, WIDTH), b.input("x"));
    return b.transpose(b.reshape(all, 0, 0, HEADS, SIZE), 1, 2);
  }

  /** Query, key and value by heads: [batch, heads, length, size]. */
  private static GraphValue[] projections(GraphBuilder b) {
    return new GraphValue[] {heads(b, "q"), heads(b, "k"), heads(b, "v")};
  }

  private static GraphValue scores(GraphBuilder b, GraphValue q, GraphValue k) {
    return b.matmul(q, b.transpose(k, -1, -2));
  }

  private interface Spelling {
    GraphValue spell(GraphBuilder b, GraphValue q, GraphValue k, GraphValue v, GraphValue mask);
  }

  private static GraphModule graph(Spelling spelling) {
    GraphBuilder b = builder();
    GraphValue[] p = projections(b);
    GraphValue mask = b.input("mask");
    return b.output(spelling.spell(b, p[0], p[1], p[2], mask)).build();
  }

  private void finds(double scale, Spelling... spellings) {
    for (Spelling spelling : spellings) {
      GraphModule graph = graph(spelling);
      GraphNode attention = becomes(SDPA, graph, x, ones);
      assertEquals(scale, scaleOf(attention), 1e-9, graph.code());
      assertTrue(
          PatternChecks.functions(graph).stream().noneMatch(n -> n.target().contains("softmax")));
    }
  }

  @Test
  void findsScaledScores() {
    finds(
        1 / ROOT,
        (b, q, k, v, m) -> b.matmul(b.softmax(b.div(scores(b, q, k), ROOT), -1), v),
        (b, q, k, v, m) -> b.matmul(b.softmax(b.mul(scores(b, q, k), 1 / ROOT), 3), v),
        (b, q, k, v, m) -> b.matmul(b.softmax(scores(b, b.div(q, ROOT), k), -1), v),
        (b, q, k, v, m) -> b.matmul(b.softmax(scores(b, q, b.mul(k, 1 / ROOT)), -1), v),
        (b, q, k, v, m) -> {
          double quarter = 1 / Math.sqrt(ROOT);
          GraphValue scaled = b.mul(b.transpose(k, 2, 3), quarter);
          return b.matmul(b.softmax(b.matmul(b.mul(q, quarter), scaled), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue root = b.constant("root", torch.scalar_tensor(new Scalar(ROOT)));
          return b.matmul(b.softmax(b.div(scores(b, q, k), root), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue d = b.constant("d", torch.scalar_tensor(new Scalar((double) SIZE)));
          GraphValue root = b.function("aten::sqrt", d);
          return b.matmul(b.softmax(b.div(scores(b, q, k), root), -1), v);
        });
    finds(1, (b, q, k, v, m) -> b.matmul(b.softmax(scores(b, q, k), -1), v));
  }

  @Test
  void findsTransposedKeys() {
    finds(
        1,
        (b, q, k, v, m) -> {
          GraphValue all = b.call("kt", new LinearImpl(WIDTH, WIDTH), b.input("x"));
          GraphValue kt = b.permute(b.reshape(all, 0, 0, HEADS, SIZE), 0, 2, 3, 1);
          return b.matmul(b.softmax(b.matmul(q, kt), -1), v);
        },
        (b, q, k, v, m) -> b.matmul(b.softmax(b.matmul(q, b.function("aten::mT", k)), -1), v),
        (b, q, k, v, m) -> {
          GraphValue kt = b.function("aten::contiguous", b.transpose(k, -2, -1));
          return b.matmul(b.softmax(b.matmul(q, kt), -1), v);
        });
  }

  @Test
  void findsScalesKnownAtRunTime() {
    finds(
        1,
        (b, q, k, v, m) -> {
          GraphValue root = b.function("aten::sqrt.int", b.size(q, -1));
          return b.matmul(b.softmax(b.function("aten::div.Scalar", scores(b, q, k), root), -1), v);
        });
  }

  @Test
  void findsMasksThatAreAdded() {
    finds(
        1 / ROOT,
        (b, q, k, v, m) -> {
          GraphValue bias = b.mul(b.function("aten::rsub.Scalar", m, 1.0), -10000.0);
          return b.matmul(b.softmax(b.add(b.div(scores(b, q, k), ROOT), bias), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue bias = b.mul(b.function("aten::rsub.Scalar", m, 1.0), -3.4028234663852886e38);
          return b.matmul(b.softmax(b.add(bias, b.div(scores(b, q, k), ROOT)), -1), v);
        },
        // The mask as it came in, added and scaled with the scores.
        (b, q, k, v, m) -> b.matmul(b.softmax(b.div(b.add(scores(b, q, k), m), ROOT), -1), v),
        (b, q, k, v, m) ->
            b.matmul(b.softmax(b.sub(b.div(scores(b, q, k), ROOT), b.mul(m, 5.0)), -1), v),
        (b, q, k, v, m) -> {
          GraphValue bias = b.parameter("bias", torch.randn(HEADS, LENGTH, LENGTH));
          GraphValue both = b.add(b.add(b.div(scores(b, q, k), ROOT), bias), b.mul(m, -7.0));
          return b.matmul(b.softmax(both, -1), v);
        });
  }

  @Test
  void findsMasksThatOverwrite() {
    for (double low : new double[] {-1e4, -1e9, -3.4028234663852886e38}) {
      finds(
          1 / ROOT,
          (b, q, k, v, m) -> {
            GraphValue s = b.div(scores(b, q, k), ROOT);
            GraphValue hidden = b.function("aten::eq.Scalar", m, 0);
            return b.matmul(
                b.softmax(b.function("aten::masked_fill.Scalar", s, hidden, low), -1), v);
          },
          (b, q, k, v, m) -> {
            GraphValue s = b.div(scores(b, q, k), ROOT);
            GraphValue kept = b.function("aten::ne.Scalar", m, 0);
            GraphValue fill = b.function("aten::full", List.of(), low);
            return b.matmul(b.softmax(b.function("aten::where.self", kept, s, fill), -1), v);
          });
    }
    finds(1 / ROOT, maskThenBias(-3.4028234663852886e38));
    String reason = stays(graph(maskThenBias(-1e4)), x, ones);
    assertTrue(reason.contains("overwritten by -10000.0 before 'b' is added"), reason);
  }

  private static Spelling maskThenBias(double low) {
    return (b, q, k, v, m) -> {
      GraphValue hidden = b.function("aten::eq.Scalar", m, 0);
      GraphValue s = b.function("aten::masked_fill.Scalar", scores(b, q, k), hidden, low);
      GraphValue bias = b.buffer("b", torch.randn(1, HEADS, LENGTH, LENGTH));
      return b.matmul(b.softmax(b.add(b.div(s, ROOT), bias), -1), v);
    };
  }

  @Test
  void findsMasksOfMinusInfinity() {
    // A row that is masked altogether would be NaN.
    ones.fill_(new Scalar(1)).narrow(3, 3, 2).zero_();
    double low = Double.NEGATIVE_INFINITY;
    finds(
        1 / ROOT,
        (b, q, k, v, m) -> {
          GraphValue s = b.div(scores(b, q, k), ROOT);
          GraphValue hidden = b.function("aten::eq.Scalar", m, 0);
          return b.matmul(b.softmax(b.function("aten::masked_fill.Scalar", s, hidden, low), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue s = b.div(scores(b, q, k), ROOT);
          GraphValue kept = b.function("aten::ne.Scalar", m, 0);
          GraphValue fill = b.function("aten::full", List.of(), low);
          return b.matmul(b.softmax(b.function("aten::where.self", kept, s, fill), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue fill = b.constant("low", torch.full(new long[0], new Scalar(low)));
          GraphValue hidden = b.constant("causal", causal());
          GraphValue s = b.function("aten::masked_fill.Tensor", scores(b, q, k), hidden, fill);
          GraphValue padding = b.function("aten::eq.Scalar", m, 0);
          GraphValue both = b.function("aten::masked_fill.Scalar", s, padding, -1e9);
          return b.matmul(b.softmax(b.div(both, ROOT), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue hidden = b.constant("causal", causal());
          GraphValue s = b.function("aten::masked_fill.Scalar", scores(b, q, k), hidden, low);
          GraphValue padding = b.function("aten::eq.Scalar", m, 0);
          GraphValue both = b.function("aten::masked_fill.Scalar", s, padding, low);
          return b.matmul(b.softmax(b.div(both, ROOT), -1), v);
        });
  }

  private static Tensor causal() {
    return torch.ones(LENGTH, LENGTH).triu(1).to(ScalarType.Bool);
  }

  @Test
  void findsOtherProducts() {
    Spelling batched =
        (b, q, k, v, m) ->
            b.function(
                "aten::bmm",
                b.softmax(
                    b.mul(b.function("aten::bmm", flat(b, q), b.transpose(flat(b, k), 1, 2)), 0.5),
                    2),
                flat(b, v));
    Spelling added =
        (b, q, k, v, m) -> {
          GraphValue empty = b.constant("e", torch.full(new long[] {1, 1, 1}, new Scalar(7.0)));
          GraphValue kt = b.transpose(flat(b, k), 1, 2);
          GraphValue s =
              b.function(
                  "aten::baddbmm", List.of(empty, flat(b, q), kt), Map.of("beta", 0, "alpha", 0.5));
          return b.function("aten::bmm", b.softmax(s, -1), flat(b, v));
        };
    Spelling biased =
        (b, q, k, v, m) -> {
          GraphValue bias = b.parameter("b", torch.randn(1, LENGTH, LENGTH));
          GraphValue kt = b.transpose(flat(b, k), 1, 2);
          GraphValue s = b.function("aten::baddbmm", bias, b.mul(flat(b, q), 0.5), kt);
          return b.function("aten::bmm", b.softmax(s, -1), flat(b, v));
        };
    // As torch.nn.MultiheadAttention turns a boolean mask into one to be added.
    Spelling filled =
        (b, q, k, v, m) -> {
          GraphValue bias = b.function("aten::zeros", List.of(1, LENGTH, LENGTH));
          GraphValue hidden = b.constant("causal", causal());
          b.function("aten::masked_fill_.Scalar", bias, hidden, Double.NEGATIVE_INFINITY);
          GraphValue kt = b.transpose(flat(b, k), 1, 2);
          GraphValue s = b.function("aten::baddbmm", bias, b.mul(flat(b, q), 0.5), kt);
          return b.function("aten::bmm", b.softmax(s, -1), flat(b, v));
        };
    Spelling zero =
        (b, q, k, v, m) -> {
          GraphValue bias = b.function("aten::zeros", List.of(1, 1, 1));
          GraphValue kt = b.transpose(flat(b, k), 1, 2);
          GraphValue s = b.function("aten::baddbmm", bias, b.mul(flat(b, q), 0.5), kt);
          return b.function("aten::bmm", b.softmax(s, -1), flat(b, v));
        };
    finds(0.5, batched, added, biased, filled, zero);
  }

  private static GraphValue flat(GraphBuilder b, GraphValue heads) {
    return b.reshape(heads, -1, LENGTH, SIZE);
  }

  @Test
  void findsEinsum() {
    finds(
        0.5,
        (b, q, k, v, m) -> {
          GraphValue s = b.function("aten::einsum", "bhid,bhjd->bhij", List.of(q, k));
          GraphValue p = b.softmax(b.mul(s, 0.5), -1);
          return b.function("aten::einsum", "bhij, bhjd -> bhid", List.of(p, v));
        },
        // Heads after the length, as they come from the projection.
        (b, q, k, v, m) -> {
          GraphValue[] t = {b.transpose(q, 1, 2), b.transpose(k, 1, 2), b.transpose(v, 1, 2)};
          GraphValue s = b.function("aten::einsum", "bqhd,bkhd->bhqk", List.of(t[0], t[1]));
          GraphValue p = b.softmax(b.add(b.mul(s, 0.5), m), -1);
          return b.function("aten::einsum", "bhqk,bkhd->bqhd", List.of(p, t[2]));
        },
        // The key first, and the value before the probabilities.
        (b, q, k, v, m) -> {
          GraphValue s = b.function("aten::einsum", "nhjd,nhid->nhij", List.of(k, q));
          GraphValue p = b.softmax(b.mul(s, 0.5), 3);
          return b.function("aten::einsum", "nhjd,nhij->nhid", List.of(v, p));
        });
  }

  @Test
  void findsScoresThatAreReshapedForAMask() {
    finds(
        1,
        (b, q, k, v, m) -> {
          GraphValue s = b.function("aten::bmm", flat(b, q), b.transpose(flat(b, k), 1, 2));
          GraphValue bias = b.mul(b.function("aten::rsub.Scalar", m, 1.0), -1e9);
          GraphValue four = b.function("aten::view", s, List.of(BATCH, HEADS, LENGTH, LENGTH));
          four = b.add(four, bias);
          GraphValue three = b.function("aten::view", four, List.of(BATCH * HEADS, LENGTH, LENGTH));
          return b.function("aten::bmm", b.softmax(three, -1), flat(b, v));
        },
        (b, q, k, v, m) -> {
          GraphValue s = b.function("aten::bmm", flat(b, q), b.transpose(flat(b, k), 1, 2));
          GraphValue four = b.function("aten::view", s, List.of(-1, HEADS, LENGTH, LENGTH));
          GraphValue hidden = b.function("aten::eq.Scalar", m, 0);
          four = b.function("aten::masked_fill.Scalar", four, hidden, -1e9);
          GraphValue p = b.softmax(four, -1);
          GraphValue three = b.function("aten::view", p, List.of(-1, LENGTH, LENGTH));
          return b.function("aten::bmm", three, flat(b, v));
        });
  }

  @Test
  void findsSoftmaxModulesCastsAndInactiveDropout() {
    DropoutImpl none = new DropoutImpl(0);
    DropoutImpl off = new DropoutImpl(0.3);
    off.eval();
    finds(
        1,
        (b, q, k, v, m) -> {
          GraphValue p = b.call("softmax", new SoftmaxImpl(-1), scores(b, q, k));
          return b.matmul(b.call("drop", none, p), v);
        },
        (b, q, k, v, m) -> {
          GraphValue p = b.call("softmax", new SoftmaxImpl(3), scores(b, q, k));
          return b.matmul(b.call("drop", off, b.call("id", new IdentityImpl(), p)), v);
        },
        (b, q, k, v, m) -> {
          GraphValue p = b.softmax(scores(b, q, k), -1);
          return b.matmul(b.function("aten::dropout", p, 0.1, false), v);
        },
        (b, q, k, v, m) -> {
          GraphValue p = b.softmax(scores(b, q, k), -1);
          return b.matmul(b.function("aten::dropout_", p, 0.1, false), v);
        },
        (b, q, k, v, m) -> {
          GraphValue s = b.function("aten::to.dtype", scores(b, q, k), ScalarType.Float);
          GraphValue p = b.function("aten::softmax.int", s, -1, ScalarType.Float);
          p = b.function("aten::dropout", b.function("aten::type_as", p, q), 0.0, true);
          return b.matmul(b.function("aten::to.dtype", p, ScalarType.Float), v);
        });
  }

  @Test
  void leavesActiveDropout() {
    DropoutImpl on = new DropoutImpl(0.3);
    GraphModule graph =
        graph(
            (b, q, k, v, m) ->
                b.matmul(b.call("drop", on, b.softmax(scores(b, q, k), -1)), b.mul(v, 0.0)));
    String reason = stays(graph, x, ones);
    assertTrue(reason.contains("dropout is active"), reason);
    graph.eval();
    becomes(SDPA, graph, x, ones);
  }

  @Test
  void findsSpellingsThatWorkInPlace() {
    finds(
        1 / ROOT,
        (b, q, k, v, m) -> {
          GraphValue s = b.function("aten::div_.Scalar", scores(b, q, k), ROOT);
          GraphValue hidden = b.function("aten::eq.Scalar", m, 0);
          s = b.function("aten::add_.Tensor", s, b.mul(m, 0.5));
          s = b.function("aten::masked_fill_.Scalar", s, hidden, -1e9);
          return b.matmul(b.softmax(s, -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue scaled = b.function("aten::div_.Scalar", q, ROOT);
          return b.matmul(b.softmax(scores(b, scaled, k), -1), v);
        });
    String reason =
        stays(
            graph(
                (b, q, k, v, m) -> {
                  GraphValue scaled = b.function("aten::mul_.Scalar", q, 0.5);
                  GraphValue out = b.matmul(b.softmax(scores(b, scaled, k), -1), v);
                  return b.add(out, q);
                }),
            x,
            ones);
    assertTrue(reason.contains("'mul_' writes to 'transpose', which may be used later"), reason);
  }

  @Test
  void findsSelfAttentionOfOneHead() {
    for (boolean transposed : new boolean[] {true, false}) {
      GraphBuilder b = GraphModule.builder("x");
      GraphValue x = b.input("x");
      GraphValue q = b.call("q", new LinearImpl(WIDTH, 6), x);
      GraphValue k = b.call("k", new LinearImpl(WIDTH, 6), x);
      GraphValue v = b.call("v", new LinearImpl(WIDTH, 7), x);
      GraphValue kt = transposed ? b.transpose(k, -2, -1) : b.function("aten::mT", k);
      GraphModule graph = b.output(b.matmul(b.softmax(b.div(b.matmul(q, kt), 2.5), -1), v)).build();
      assertEquals(0.4, scaleOf(becomes(SDPA, graph, this.x)), 1e-9);
      GraphModule matrices = graph;
      PatternChecks.assertClose(
          PatternChecks.run(matrices, this.x).get(0).select(0, 0),
          PatternChecks.run(matrices, this.x.select(0, 0)).get(0));
    }
  }

  @Test
  void findsScalesInTensorsOfOneElement() {
    finds(
        1,
        (b, q, k, v, m) -> {
          GraphValue root = b.buffer("root", torch.full(new long[] {1}, new Scalar(1.7)));
          return b.matmul(b.softmax(b.div(scores(b, q, k), root), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue root = b.parameter("root", torch.scalar_tensor(new Scalar(0.3)));
          return b.matmul(b.softmax(b.add(b.mul(scores(b, q, k), root), m), -1), v);
        },
        (b, q, k, v, m) -> {
          GraphValue root = b.parameter("root", torch.scalar_tensor(new Scalar(0.3)));
          return b.matmul(b.softmax(b.mul(root, scores(b, q, k)), -1), v);
        });
  }

  @Test
  void leavesWhatIsNoAttention() {
    Spelling[] others = {
      // The softmax over the queries.
      (b, q, k, v, m) -> b.matmul(b.softmax(scores(b, q, k), -2), v),
      // A factor that differs by head.
      (b, q, k, v, m) -> {
        GraphValue tau = b.parameter("tau", torch.rand(HEADS, 1, 1));
        return b.matmul(b.softmax(b.mul(scores(b, q, k), tau), -1), v);
      },
      // Not so low that nothing is left of what is masked.
      (b, q, k, v, m) -> {
        GraphValue hidden = b.function("aten::eq.Scalar", m, 0);
        GraphValue s = b.function("aten::masked_fill.Scalar", scores(b, q, k), hidden, -10.0);
        return b.matmul(b.softmax(s, -1), v);
      },
      // Something else than a softmax, or after it.
      (b, q, k, v, m) -> b.matmul(b.sigmoid(scores(b, q, k)), v),
      (b, q, k, v, m) -> b.matmul(b.mul(b.softmax(scores(b, q, k), -1), m), v),
      // The bias inside of a scale that is known at run time only.
      (b, q, k, v, m) -> {
        GraphValue root = b.function("aten::sqrt.int", b.size(q, -1));
        GraphValue s = b.function("aten::div.Scalar", b.add(scores(b, q, k), m), root);
        return b.matmul(b.softmax(s, -1), v);
      },
      // No transpose: a softmax of a layer's output.
      (b, q, k, v, m) -> {
        GraphValue w = b.parameter("w", torch.randn(WIDTH, LENGTH));
        return b.matmul(b.softmax(b.matmul(b.input("x"), w), -1), b.input("x"));
      },
      (b, q, k, v, m) ->
          b.function("aten::einsum", "bhij,bhjd->bid", List.of(b.softmax(scores(b, q, k), -1), v))
    };
    for (Spelling other : others) {
      stays(graph(other), x, ones);
    }
  }

  @Test
  void leavesWhatIsUsedElsewhere() {
    String reason =
        stays(
            graph(
                (b, q, k, v, m) -> {
                  GraphValue p = b.softmax(scores(b, q, k), -1);
                  return b.add(b.matmul(p, v), b.sum(p, List.of(-1), true));
                }),
            x,
            ones);
    assertTrue(reason.contains("'softmax' is used by 'sum' as well"), reason);
    GraphBuilder b = builder();
    GraphValue[] p = projections(b);
    GraphValue probabilities = b.softmax(scores(b, p[0], p[1]), -1);
    GraphModule both = b.output(b.matmul(probabilities, p[2]), probabilities).build();
    reason = stays(both, x, ones);
    assertTrue(reason.contains("'softmax' is returned as well"), reason);
  }

  @Test
  void saysWhichDimensionIsNotTheLast() {
    String reason =
        stays(graph((b, q, k, v, m) -> b.matmul(b.softmax(scores(b, q, k), 2), v)), x, ones);
    assertTrue(reason.contains("over dimension 2"), reason);
    assertNull(
        stays(
            graph((b, q, k, v, m) -> b.matmul(b.softmax(q, -1), b.transpose(k, -2, -1))), x, ones));
  }

  @Test
  void gradientsFlow() {
    GraphModule graph =
        graph(
            (b, q, k, v, m) -> {
              GraphValue bias = b.mul(b.function("aten::rsub.Scalar", m, 1.0), -10000.0);
              return b.matmul(b.softmax(b.add(b.div(scores(b, q, k), ROOT), bias), -1), v);
            });
    LinearImpl k = (LinearImpl) graph.child("k");
    Tensor weights = torch.randn(BATCH, HEADS, LENGTH, SIZE);
    // What is left of scores beside -10000 has too few digits to compare.
    ones.fill_(new Scalar(1)).narrow(3, 3, 2).zero_();
    graph.forward(x, ones).mul(weights).sum().backward();
    Tensor before = k.weight().grad().clone();
    k.weight().mutable_grad().zero_();
    becomes(SDPA, graph, x, ones);
    graph.forward(x, ones).mul(weights).sum().backward();
    PatternChecks.assertClose(before, k.weight().grad());
  }
}
