// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import static dev.octet.quantization.transform.pattern.PatternChecks.becomes;
import static dev.octet.quantization.transform.pattern.PatternChecks.graph;
import static dev.octet.quantization.transform.pattern.PatternChecks.stays;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import java.util.function.BiFunction;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.SigmoidImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class SiluPatternTest {

  private final Tensor x = torch.randn(5, 7).mul(new Scalar(3.0));

  private static GraphValue exp(GraphBuilder b, GraphValue x) {
    return b.function("aten::exp", x);
  }

  @Test
  void findsAllSpellings() {
    List<BiFunction<GraphBuilder, GraphValue, Object>> spellings =
        List.of(
            (b, x) -> b.mul(x, b.sigmoid(x)),
            (b, x) -> b.mul(b.sigmoid(x), x),
            (b, x) -> b.mul(b.call("sigmoid", new SigmoidImpl(), x), x),
            (b, x) -> b.div(x, b.add(exp(b, b.function("aten::neg", x)), 1)),
            (b, x) -> b.div(x, b.add(exp(b, b.mul(x, -1)), 1)));
    for (BiFunction<GraphBuilder, GraphValue, Object> spelling : spellings) {
      GraphModule graph = graph(spelling);
      becomes("aten::silu", graph, x);
      assertEquals(2, graph.nodes().size(), graph.code());
    }
  }

  /** As EfficientNets write it: the product over the layer's output, which nobody else sees. */
  @Test
  void findsProductsInPlace() {
    GraphModule graph =
        graph(
            (b, x) -> {
              GraphValue h = b.call("fc", new LinearImpl(7, 7), x);
              return b.function("aten::mul_.Tensor", h, b.sigmoid(h));
            });
    becomes("aten::silu", graph, x);
  }

  @Test
  void leavesOtherFunctions() {
    assertNull(stays(graph((b, x) -> b.mul(x, b.sigmoid(b.mul(x, 1.702)))), x));
    assertNull(stays(graph((b, x) -> b.mul(b.mul(x, 2), b.sigmoid(x))), x));
    assertNull(stays(graph((b, x) -> b.mul(b.relu(x), b.sigmoid(x))), x));
    assertNull(stays(graph((b, x) -> b.mul(x, b.tanh(x))), x));
    assertNull(stays(graph((b, x) -> b.div(x, b.add(exp(b, x), 1))), x));
    assertEquals(
        "'sigmoid' is returned as well",
        stays(
            graph(
                (b, x) -> {
                  GraphValue s = b.sigmoid(x);
                  return List.of(b.mul(x, s), s);
                }),
            x));
    assertEquals(
        "'mul_' writes to 'add', which may be used later",
        stays(
            graph(
                (b, x) -> {
                  GraphValue h = b.add(x, 1);
                  GraphValue y = b.function("aten::mul_.Tensor", h, b.sigmoid(h));
                  return b.sub(y, h);
                }),
            x));
  }
}
