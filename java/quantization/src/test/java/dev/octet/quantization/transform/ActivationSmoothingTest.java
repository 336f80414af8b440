// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.state.Calibration;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ActivationSmoothingTest {
  private static final int WIDTH = 8;
  private static final int INNER = 12;

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(5);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  /** Two layers that take the input, and one that takes the activation of their sum. */
  private static GraphModule model() {
    var b = GraphModule.builder("x");
    GraphValue left = b.call("left", new LinearImpl(WIDTH, INNER), b.input("x"));
    GraphValue right = b.call("right", new LinearImpl(WIDTH, INNER), b.input("x"));
    GraphValue inner = b.gelu(b.add(left, right));
    GraphModule model = b.output(b.call("down", new LinearImpl(INNER, WIDTH), inner)).build();
    model.eval();
    return model;
  }

  /** Rows whose third feature is a hundred times larger than the others. */
  private static Tensor rows() {
    float[] sizes = {1, 1, 100, 1, 1, 1, 1, 1};
    return torch.randn(64, WIDTH).mul(Tensor.create(sizes));
  }

  private static double error(GraphModule model, Tensor x, Tensor expected) {
    QuantizationMap map =
        QuantizationMap.builder()
            .input("left", ActivationQuantConfig.ofBits(8))
            .input("right", ActivationQuantConfig.ofBits(8))
            .build();
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    Tensor difference = converted.forward(x).sub(expected);
    return difference.mul(difference).mean().item_double();
  }

  private static void smooth(GraphModule model, Map<String, Double> strengths, Tensor... batches) {
    ActivationSmoothing.smooth(model, strengths, List.of(batches), (m, x) -> m.forward(x).close());
  }

  @Test
  void keepsFloatsBitForBitAndMakesQuantizationMoreExact() {
    GraphModule model = model();
    Tensor x = rows();
    Tensor expected = model.forward(x);
    double before = error(model, x, expected);
    smooth(model, Map.of("left", 0.5, "right", 0.5, "down", 0.5), x);
    assertTrue(model.forward(x).equal(expected));
    double after = error(model, x, expected);
    assertTrue(after < before / 4, before + " before, " + after + " after");
  }

  @Test
  void layersWithOneInputShareTheMultiplication() {
    GraphModule model = model();
    smooth(model, Map.of("left", 0.5, "right", 0.5), rows());
    assertEquals(1, model.attributes().size(), model::code);
    assertEquals(
        1, model.nodes().stream().filter(n -> n.target().equals("aten::mul.Tensor")).count());
  }

  @Test
  void featuresThatAreAlwaysZeroStay() {
    GraphModule model = model();
    Tensor x = rows().mul(Tensor.create(new float[] {0, 1, 1, 1, 1, 1, 1, 1}));
    Tensor weight = ((LinearImpl) model.child("left")).weight().clone();
    smooth(model, Map.of("left", 0.5), x);
    Tensor smoothed = ((LinearImpl) model.child("left")).weight();
    assertTrue(smoothed.select(1, 0).equal(weight.select(1, 0)));
  }

  @Test
  void refusesWhatItCannotSmoothAndLeavesItAlone() {
    GraphModule model = model();
    String code = model.code();
    assertMessage(model, Map.of("left", 2.0), "2.0");
    assertMessage(model, Map.of("lefd", 0.5), "left");
    var b = GraphModule.builder("x");
    GraphValue y = b.call("fc", new LinearImpl(WIDTH, WIDTH), b.input("x"));
    GraphModule twice = b.output(b.call("fc", y)).build();
    assertMessage(twice, Map.of("fc", 0.5), "one call alone");
    String message =
        assertThrows(IllegalArgumentException.class, () -> smooth(model, Map.of("down", 0.5)))
            .getMessage();
    assertTrue(message.contains("'down'"), message);
    assertEquals(code, model.code());
  }

  private static void assertMessage(
      GraphModule model, Map<String, Double> strengths, String expected) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> smooth(model, strengths, rows()))
            .getMessage();
    assertTrue(message.contains(expected), message);
  }
}
