// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.pattern.PatternChecks.becomes;
import static dev.octet.quantization.transform.pattern.PatternChecks.graph;
import static dev.octet.quantization.transform.pattern.PatternChecks.stays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.CleanupReport;
import dev.octet.quantization.transform.PatternCleanup;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.SigmoidImpl;
import org.bytedeco.pytorch.TanhImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

class GeluPatternTest {

  private static final double C = Math.sqrt(2 / Math.PI);

  private final Tensor x = torch.randn(5, 7).mul(new Scalar(3.0));

  private static GraphValue erf(GraphBuilder b, GraphValue scaled) {
    return b.function("aten::erf", scaled);
  }

  private static GraphValue onePlusErf(GraphBuilder b, GraphValue x) {
    return b.add(erf(b, b.div(x, Math.sqrt(2))), 1);
  }

  private static GraphValue pow(GraphBuilder b, GraphValue x, double exponent) {
    return b.function("aten::pow.Tensor_Scalar", x, exponent);
  }

  /** sqrt(2/pi) (x + 0.044715 x^3), as in GPT-2. */
  private static GraphValue inner(GraphBuilder b, GraphValue x) {
    return b.mul(b.add(x, b.mul(pow(b, x, 3), 0.044715)), C);
  }

  private void finds(
      String approximate, List<BiFunction<GraphBuilder, GraphValue, Object>> spellings) {
    for (BiFunction<GraphBuilder, GraphValue, Object> spelling : spellings) {
      GraphModule graph = graph(spelling);
      assertEquals(approximate, becomes("aten::gelu", graph, x).arguments().get(1));
      assertEquals(2, graph.nodes().size(), graph.code());
      GraphModule wide = graph(spelling);
      wide.to(ScalarType.Double, false);
      becomes("aten::gelu", wide, x.to(ScalarType.Double));
    }
  }

  @Test
  void findsTheExactForm() {
    finds(
        "none",
        List.of(
            // BERT, Megatron.
            (b, x) -> b.mul(b.mul(x, 0.5), onePlusErf(b, x)),
            (b, x) -> b.mul(x, b.mul(onePlusErf(b, x), 0.5)),
            (b, x) -> b.mul(b.mul(onePlusErf(b, x), 0.5), x),
            (b, x) -> b.mul(b.mul(x, onePlusErf(b, x)), 0.5),
            (b, x) -> b.div(b.mul(x, onePlusErf(b, x)), 2),
            (b, x) -> b.mul(b.div(onePlusErf(b, x), 2), x),
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(erf(b, b.mul(x, 0.7071067811865475)), 1)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(erf(b, b.mul(x, Math.pow(2, -0.5))), 1)),
            (b, x) -> {
              GraphValue two = b.constant("two", torch.scalar_tensor(new Scalar(2.0)));
              GraphValue half = b.constant("half", torch.scalar_tensor(new Scalar(0.5)));
              GraphValue one = b.constant("one", torch.scalar_tensor(new Scalar(1.0)));
              GraphValue e = erf(b, b.div(x, b.function("aten::sqrt", two)));
              return b.mul(half, b.mul(x, b.add(one, e)));
            },
            // Multiplied out.
            (b, x) -> {
              GraphValue e = erf(b, b.div(x, Math.sqrt(2)));
              return b.add(b.mul(x, 0.5), b.mul(b.mul(x, 0.5), e));
            },
            (b, x) -> b.mul(x, b.affine(erf(b, b.div(x, Math.sqrt(2))), 0.5, 0.5)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.function("aten::erfc", b.mul(x, -Math.sqrt(0.5)))),
            (b, x) -> b.mul(x, b.function("aten::special_ndtr", x))));
  }

  @Test
  void findsTheApproximation() {
    finds(
        "tanh",
        List.of(
            // GPT-2, "gelu_new".
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(b.tanh(inner(b, x)), 1)),
            (b, x) -> {
              GraphValue cube = b.mul(b.mul(x, x), x);
              GraphValue u = b.mul(b.add(b.mul(cube, 0.044715), x), C);
              return b.mul(b.mul(x, b.add(b.tanh(u), 1)), 0.5);
            },
            // "gelu_fast".
            (b, x) -> {
              GraphValue square = b.mul(b.mul(x, 0.044715), x);
              GraphValue u = b.mul(b.mul(x, 0.7978845608), b.add(square, 1));
              return b.mul(b.mul(x, 0.5), b.add(b.tanh(u), 1));
            },
            // Megatron.
            (b, x) -> {
              GraphValue square = b.add(b.mul(b.mul(x, 0.044715), x), 1);
              GraphValue u = b.mul(b.mul(x, 0.79788456), square);
              return b.mul(b.mul(x, 0.5), b.add(b.call("tanh", new TanhImpl(), u), 1));
            },
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(b.tanh(inner(b, x)), 1)),
            (b, x) -> {
              GraphValue cube = b.mul(b.function("aten::square", x), x);
              GraphValue u = b.add(b.mul(x, C), b.mul(cube, C * 0.044715));
              return b.mul(b.div(x, 2), b.add(b.tanh(u), 1));
            },
            (b, x) -> b.mul(x, b.sigmoid(b.mul(inner(b, x), 2))),
            (b, x) -> b.mul(b.call("sigmoid", new SigmoidImpl(), b.mul(inner(b, x), 2)), x)));
  }

  @Test
  void findsSpellingsThatWorkInPlace() {
    finds(
        "none",
        List.of(
            (b, x) -> {
              GraphValue e = b.function("aten::erf_", b.div(x, Math.sqrt(2)));
              GraphValue sum = b.function("aten::add_.Scalar", e, 1);
              return b.function("aten::mul_.Tensor", b.mul(x, 0.5), sum);
            }));
    GraphModule overwritesInput =
        graph(
            (b, x) -> {
              GraphValue sum = onePlusErf(b, x);
              return b.function("aten::mul_.Tensor", x, b.mul(sum, 0.5));
            });
    assertTrue(stays(overwritesInput, x).contains("'mul_' writes to 'x'"));
  }

  @Test
  void leavesOtherFunctions() {
    List<BiFunction<GraphBuilder, GraphValue, Object>> others =
        List.of(
            (b, x) -> b.mul(x, b.sigmoid(b.mul(x, 1.702))),
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(erf(b, b.div(x, 1.42)), 1)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(erf(b, x), 1)),
            (b, x) -> b.mul(b.mul(x, 0.501), onePlusErf(b, x)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.affine(erf(b, b.div(x, Math.sqrt(2))), 1, 1.01)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.affine(erf(b, b.div(x, Math.sqrt(2))), -1, 1)),
            (b, x) -> b.mul(b.mul(b.relu(x), 0.5), onePlusErf(b, x)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.affine(b.tanh(b.mul(x, C)), 1, 1)),
            (b, x) -> b.mul(b.mul(x, 0.5), b.add(b.tanh(b.mul(inner(b, x), 1.001)), 1)),
            (b, x) -> b.mul(x, b.sigmoid(inner(b, x))),
            (b, x) -> b.mul(x, b.function("aten::special_ndtr", b.mul(x, 2.0))),
            // A factor that a state dict may change.
            (b, x) -> {
              GraphValue half = b.buffer("half", torch.scalar_tensor(new Scalar(0.5)));
              return b.mul(b.mul(x, half), onePlusErf(b, x));
            });
    for (BiFunction<GraphBuilder, GraphValue, Object> other : others) {
      assertNull(stays(graph(other), x));
    }
  }

  @Test
  void leavesWhatIsUsedElsewhereOrChangedInBetween() {
    GraphModule used =
        graph(
            (b, x) -> {
              GraphValue sum = onePlusErf(b, x);
              return List.of(b.mul(b.mul(x, 0.5), sum), b.relu(sum));
            });
    assertNull(stays(used, x));
    GraphModule usedErf =
        graph(
            (b, x) -> {
              GraphValue e = erf(b, b.div(x, Math.sqrt(2)));
              return List.of(b.mul(b.mul(x, 0.5), b.add(e, 1)), b.relu(e));
            });
    assertTrue(stays(usedErf, x).contains("'erf' is used by 'relu' as well"));
    GraphModule changed =
        graph(
            (b, x) -> {
              GraphValue h = b.add(x, 0.0);
              GraphValue sum = onePlusErf(b, h);
              GraphValue view = b.flatten(h, 0);
              b.function("aten::mul_.Scalar", view, 2.0);
              return b.mul(b.mul(h, 0.5), sum);
            });
    assertTrue(stays(changed, x).contains("'mul_' may change 'add' in between"));
  }

  @Test
  void findsSeveralInARow() {
    GraphModule graph =
        graph(
            (b, x) -> {
              GraphValue h = b.call("a", new LinearImpl(7, 7), x);
              h = b.mul(b.mul(h, 0.5), onePlusErf(b, h));
              h = b.add(h, x);
              h = b.mul(b.mul(h, 0.5), b.add(b.tanh(inner(b, h)), 1));
              return b.mul(h, 2.0);
            });
    List<Tensor> before = PatternChecks.run(graph, x);
    CleanupReport report = PatternCleanup.apply(graph);
    assertEquals(1, report.count("gelu"), report.toString());
    assertEquals(1, report.count("gelu-tanh"), report.toString());
    assertEquals(List.of("mul", "div", "erf", "add", "mul_1"), report.found().get(0).nodes());
    assertEquals(
        "gelu in the model, forward: mul, div, erf, add, mul_1", report.found().get(0).toString());
    PatternChecks.assertClose(before, PatternChecks.run(graph, x));
  }
}
