// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.pattern.PatternChecks.becomes;
import static dev.octet.quantization.transform.pattern.PatternChecks.graph;
import static dev.octet.quantization.transform.pattern.PatternChecks.stays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class NormPatternsTest {

  private static final String LAYER_NORM = "aten::layer_norm";
  private static final String RMS_NORM = "aten::rms_norm";
  private static final long N = 7;
  private static final double EPS = 1e-5;
  private static final List<Integer> LAST = List.of(-1);

  private final Tensor x = torch.randn(2, 5, N).mul(new Scalar(2.0)).add(new Scalar(3.0));

  private static GraphValue mean(GraphBuilder b, GraphValue x) {
    return b.mean(x, LAST, true);
  }

  private static GraphValue variance(GraphBuilder b, GraphValue x, boolean unbiased) {
    return b.function("aten::var.dim", x, LAST, unbiased, true);
  }

  private static GraphValue sqrt(GraphBuilder b, GraphValue x) {
    return b.function("aten::sqrt", x);
  }

  private static GraphValue square(GraphBuilder b, GraphValue x) {
    return b.function("aten::pow.Tensor_Scalar", x, 2);
  }

  private static GraphValue weight(GraphBuilder b) {
    return b.parameter("w", torch.randn(N));
  }

  private static GraphValue bias(GraphBuilder b) {
    return b.parameter("b", torch.randn(N));
  }

  /** The normalized input in all spellings, without weight and bias. */
  private static List<BiFunction<GraphBuilder, GraphValue, GraphValue>> plainForms() {
    return List.of(
        (b, x) -> b.div(b.sub(x, mean(b, x)), sqrt(b, b.add(variance(b, x, false), EPS))),
        (b, x) -> {
          GraphValue d = b.sub(x, mean(b, x));
          return b.div(d, sqrt(b, b.add(mean(b, square(b, d)), EPS)));
        },
        (b, x) -> {
          GraphValue d = b.sub(x, mean(b, x));
          GraphValue v = mean(b, b.mul(d, d));
          return b.mul(d, b.function("aten::rsqrt", b.add(v, EPS)));
        },
        // BERT's before LayerNorm was a module: the difference is computed twice.
        (b, x) -> {
          GraphValue m = mean(b, x);
          GraphValue v = mean(b, square(b, b.sub(x, m)));
          return b.div(b.sub(x, m), sqrt(b, b.add(v, EPS)));
        },
        (b, x) -> {
          GraphValue v = b.function("aten::var.correction", x, LAST, 0, true);
          GraphValue e = b.add(v, EPS);
          return b.mul(b.sub(x, mean(b, x)), b.function("aten::pow.Tensor_Scalar", e, -0.5));
        },
        (b, x) -> {
          GraphValue s = b.function("aten::std.dim", x, LAST, false, true);
          return b.div(b.sub(x, mean(b, x)), sqrt(b, b.add(square(b, s), EPS)));
        },
        (b, x) -> {
          GraphValue both = b.function("aten::var_mean.correction", x, LAST, 0, true);
          GraphValue root = sqrt(b, b.add(b.item(both, 0), EPS));
          return b.div(b.sub(x, b.item(both, 1)), root);
        },
        (b, x) -> {
          GraphValue m = b.unsqueeze(b.mean(x, LAST, false), -1);
          GraphValue d = b.sub(x, m);
          GraphValue v = b.unsqueeze(b.mean(b.function("aten::square", d), LAST, false), -1);
          return b.mul(b.function("aten::reciprocal", sqrt(b, b.add(v, EPS))), d);
        },
        (b, x) -> {
          GraphValue r = b.function("aten::rsqrt", b.add(variance(b, x, false), EPS));
          return b.sub(b.mul(x, r), b.mul(mean(b, x), r));
        });
  }

  @Test
  void findsLayerNorm() {
    for (BiFunction<GraphBuilder, GraphValue, GraphValue> form : plainForms()) {
      GraphNode plain = becomes(LAYER_NORM, graph(form::apply), x);
      assertEquals(EPS, plain.arguments().get(4));
      assertNull(plain.arguments().get(2));
      GraphNode affine =
          becomes(
              LAYER_NORM, graph((b, x) -> b.add(b.mul(weight(b), form.apply(b, x)), bias(b))), x);
      assertEquals(List.of(N), affine.arguments().get(1));
      assertNotNull(affine.arguments().get(2));
      assertNotNull(affine.arguments().get(3));
      GraphModule both =
          graph((b, x) -> b.function("aten::addcmul", bias(b), form.apply(b, x), weight(b)));
      assertNotNull(becomes(LAYER_NORM, both, x).arguments().get(3));
      assertEquals(4, both.nodes().size(), both.code());
    }
  }

  @Test
  void findsWeightsBeforeTheDivision() {
    GraphNode found =
        becomes(
            LAYER_NORM,
            graph(
                (b, x) -> {
                  GraphValue d = b.sub(x, mean(b, x));
                  GraphValue root = sqrt(b, b.add(mean(b, square(b, d)), EPS));
                  return b.add(b.div(b.mul(weight(b), d), root), bias(b));
                }),
            x);
    assertEquals(List.of(N), found.arguments().get(1));
    becomes(
        LAYER_NORM,
        graph(
            (b, x) -> {
              GraphValue root = sqrt(b, b.add(variance(b, x, false), EPS));
              return b.div(b.mul(weight(b), b.sub(x, mean(b, x))), root);
            }),
        x);
  }

  @Test
  void findsSeveralDimensionsAndPositiveOnes() {
    BiFunction<GraphBuilder, GraphValue, Object> two =
        (b, x) -> {
          GraphValue d = b.sub(x, b.mean(x, List.of(-2, -1), true));
          GraphValue v = b.mean(square(b, d), List.of(-1, -2), true);
          GraphValue n = b.div(d, sqrt(b, b.add(v, EPS)));
          return b.mul(n, b.parameter("w", torch.randn(5, N)));
        };
    assertEquals(List.of(5L, N), becomes(LAYER_NORM, graph(two), x).arguments().get(1));
    BiFunction<GraphBuilder, GraphValue, Object> positive =
        (b, input) -> {
          GraphValue x = b.permute(input, 0, 2, 1);
          GraphValue d = b.sub(x, b.mean(x, List.of(2), true));
          return b.div(d, sqrt(b, b.add(b.mean(square(b, d), List.of(2), true), EPS)));
        };
    becomes(LAYER_NORM, graph(positive), x);
  }

  @Test
  void leavesOtherNormalizations() {
    check(
        "unbiased",
        (b, x) -> b.div(b.sub(x, mean(b, x)), sqrt(b, b.add(variance(b, x, true), EPS))));
    check(
        "unbiased",
        (b, x) -> {
          GraphValue s = b.function("aten::std.correction", x, LAST, null, true);
          return b.div(b.sub(x, mean(b, x)), s);
        });
    check(
        "eps is added to the standard deviation",
        (b, x) -> {
          GraphValue s = b.function("aten::std.dim", x, LAST, true, true);
          GraphValue scaled = b.mul(weight(b), b.sub(x, mean(b, x)));
          return b.add(b.div(scaled, b.add(s, 1e-6)), bias(b));
        });
    check(
        "eps is added to the standard deviation",
        (b, x) -> {
          GraphValue d = b.sub(x, mean(b, x));
          return b.div(d, b.add(sqrt(b, mean(b, square(b, d))), 1e-6));
        });
    // Over a dimension that is not the last, or not known to be.
    check(
        null,
        (b, x) -> {
          GraphValue d = b.sub(x, b.mean(x, List.of(1), true));
          return b.div(d, sqrt(b, b.add(b.mean(square(b, d), List.of(1), true), EPS)));
        });
    check(
        null,
        (b, x) -> {
          GraphValue d = b.sub(x, b.mean(x, List.of(-1), true));
          return b.div(d, sqrt(b, b.add(b.mean(square(b, d), List.of(-2), true), EPS)));
        });
    // Of something else than what is normalized.
    check(
        null,
        (b, x) -> {
          GraphValue v = variance(b, b.add(x, 1), false);
          return b.div(b.sub(x, mean(b, b.relu(x))), sqrt(b, b.add(v, EPS)));
        });
    check(
        null,
        (b, x) -> {
          GraphValue d = b.sub(x, mean(b, x));
          return b.div(d, sqrt(b, b.add(b.mul(mean(b, square(b, d)), 1.01), EPS)));
        });
    check(
        "used by 'mul' as well",
        (b, x) -> {
          GraphValue d = b.sub(x, mean(b, x));
          GraphValue root = sqrt(b, b.add(mean(b, square(b, d)), EPS));
          return b.add(b.div(d, root), b.mul(root, 2.0));
        });
  }

  private void check(String reason, BiFunction<GraphBuilder, GraphValue, Object> body) {
    String given = stays(graph(body), x);
    assertTrue(reason == null ? given == null : given.contains(reason), given);
  }

  @Test
  void findsRmsNorm() {
    List<BiFunction<GraphBuilder, GraphValue, GraphValue>> forms =
        List.of(
            (b, x) -> {
              GraphValue v = b.add(mean(b, square(b, x)), EPS);
              return b.mul(x, b.function("aten::rsqrt", v));
            },
            (b, x) -> b.div(x, sqrt(b, b.add(mean(b, b.mul(x, x)), EPS))),
            (b, x) -> {
              GraphValue v = mean(b, b.function("aten::square", x));
              return b.mul(b.function("aten::rsqrt", b.add(v, EPS)), x);
            });
    for (BiFunction<GraphBuilder, GraphValue, GraphValue> form : forms) {
      assertEquals(EPS, becomes(RMS_NORM, graph(form::apply), x).arguments().get(3));
      GraphModule weighted = graph((b, x) -> b.mul(weight(b), form.apply(b, x)));
      assertEquals(List.of(N), becomes(RMS_NORM, weighted, x).arguments().get(1));
    }
    becomes(
        RMS_NORM,
        graph(
            (b, x) -> {
              GraphValue v = b.add(mean(b, square(b, x)), EPS);
              return b.div(b.mul(weight(b), x), sqrt(b, v));
            }),
        x);
    // A bias is nothing that rms_norm takes.
    GraphModule biased =
        graph((b, x) -> b.add(b.mul(weight(b), forms.get(0).apply(b, x)), bias(b)));
    becomes(RMS_NORM, biased, x);
    assertEquals(2, PatternChecks.functions(biased).size());
  }

  @Test
  void leavesScalesThatAreNoWeights() {
    GraphModule scalar =
        graph(
            (b, x) -> {
              GraphValue norm = b.function(LAYER_NORM, x, List.of(N));
              return b.mul(norm, b.parameter("w", torch.randn(1)));
            });
    stays(scalar, x);
    GraphModule perRow =
        graph(
            (b, x) -> {
              GraphValue norm = b.function(LAYER_NORM, x, List.of(N));
              return b.mul(norm, b.parameter("w", torch.randn(5, 1)));
            });
    stays(perRow, x);
    GraphModule already =
        graph(
            (b, x) -> {
              GraphValue norm = b.function(LAYER_NORM, x, List.of(N), weight(b));
              return b.mul(norm, b.parameter("w2", torch.randn(N)));
            });
    stays(already, x);
    GraphModule withBias =
        graph(
            (b, x) -> {
              Map<String, Object> named = Map.of("bias", bias(b));
              GraphValue norm = b.function(LAYER_NORM, List.of(x, List.of(N)), named);
              return b.mul(norm, weight(b));
            });
    stays(withBias, x);
  }
}
