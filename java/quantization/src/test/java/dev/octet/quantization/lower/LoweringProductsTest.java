// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphBuilder;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.lower.LoweringReport.Row;
import dev.octet.quantization.state.Calibration;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Layers and products with something that is on no grid. */
@Tag("cuda")
class LoweringProductsTest {
  private static final int WIDTH = 64;

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(11);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static GraphModule layers() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue y = b.gelu(b.call("up", new LinearImpl(WIDTH, 2 * WIDTH), b.input("x")));
    return b.output(b.add(b.call("down", new LinearImpl(2 * WIDTH, WIDTH), y), b.input("x")))
        .build();
  }

  private static GraphModule converted(
      GraphModule model, int weightBits, boolean perChannel, int bits, Tensor x) {
    QuantizationConfig config =
        new QuantizationConfig(
            ActivationQuantConfig.builder().nBits(bits).symmetric(false).build(),
            WeightQuantConfig.builder().nBits(weightBits).perChannel(perChannel).build());
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder().defaultQConfig(config).build());
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    return converted;
  }

  private static LoweringOptions.Builder options(Tensor x) {
    return LoweringOptions.builder().input("x", x, "batch", null);
  }

  @ParameterizedTest
  @CsvSource({"8, true", "8, false", "4, true", "3, false"})
  void weightsAloneStayIntegers(int bits, boolean perChannel) {
    Tensor x = torch.randn(32, WIDTH);
    GraphModule model = converted(layers(), bits, perChannel, 0, x);
    LoweredModel lowered = Lowering.toProgram(model, options(x).build());
    Row row = lowered.report().rows("up").get(0);
    assertEquals("linear_float", row.kernel(), lowered.report()::toString);
    assertTrue(row.weight().contains(bits + " bits"), row::toString);
    assertEquals(List.of("bias", "gelu_erf"), row.epilogue());
    assertFalse(row.advice().isEmpty(), row::toString);
    // Codes, their scales and biases: far less than the floats.
    assertTrue(lowered.report().weightBytes() < 0.3 * lowered.report().floatWeightBytes());
    for (int batch : new int[] {1, 7}) {
      var difference =
          LoweredComparison.compare(
              model, lowered.program(), Map.of("x", torch.randn(batch, WIDTH)));
      assertTrue(difference.greatest() <= 1e-5 * difference.magnitude(), difference::toString);
    }
  }

  @Test
  void activationsAreRoundedByRowsIfAllowed() {
    Tensor x = torch.randn(32, WIDTH);
    GraphModule model = converted(layers(), 8, true, 0, x);
    LoweredModel lowered = Lowering.toProgram(model, options(x).dynamicActivations().build());
    assertEquals(2, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    Row row = lowered.report().rows("up").get(0);
    assertEquals("linear", row.kernel());
    assertTrue(row.reasons().toString().contains("dynamicActivations()"), row::toString);
    var difference =
        LoweredComparison.compare(model, lowered.program(), Map.of("x", torch.randn(9, WIDTH)));
    assertTrue(difference.greatest() <= 0.03 * difference.magnitude(), difference::toString);
    assertTrue(difference.differing() > 0, difference::toString);
  }

  @Test
  void weightsOfMoreBitsStayInFloats() {
    Tensor x = torch.randn(32, WIDTH);
    GraphModule model = converted(layers(), 16, false, 0, x);
    LoweredModel lowered = Lowering.toProgram(model, options(x).dynamicActivations().build());
    assertEquals(0, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    var difference =
        LoweredComparison.compare(model, lowered.program(), Map.of("x", torch.randn(9, WIDTH)));
    assertTrue(difference.greatest() <= 1e-5 * difference.magnitude(), difference::toString);
  }

  @ParameterizedTest
  @CsvSource({"8, INTEGER", "0, FLOAT"})
  void productsOfGridsRunInIntegers(int bits, Arithmetic arithmetic) {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue left = b.call("left", new LinearImpl(WIDTH, 16), b.input("x"));
    GraphValue right = b.call("right", new LinearImpl(WIDTH, 16), b.input("x"));
    GraphModule plain =
        b.output(b.matmul(left, b.function("aten::transpose.int", right, 0L, 1L))).build();
    Tensor x = torch.randn(32, WIDTH);
    GraphModule model = converted(plain, 8, true, bits, x);
    LoweredModel lowered = Lowering.toProgram(model, options(x).build());
    assertEquals(
        arithmetic,
        lowered.report().rows("matmul").get(0).arithmetic(),
        lowered.report()::toString);
    assertFalse(lowered.program().toString().contains("transpose("), lowered.program()::toString);
    for (int batch : new int[] {1, 9}) {
      var difference =
          LoweredComparison.compare(
              model, lowered.program(), Map.of("x", torch.randn(batch, WIDTH)));
      assertTrue(difference.greatest() <= 0.02 * difference.magnitude(), difference::toString);
    }
  }

  @Test
  void whatIsPaddedIsQuantizedBefore() {
    GraphBuilder b = GraphModule.builder("x");
    GraphValue y = b.call("left", new LinearImpl(WIDTH, WIDTH), b.gelu(b.input("x")));
    GraphValue wide = b.function("aten::constant_pad_nd", b.gelu(y), List.of(0L, 8L), 0.0);
    GraphModule plain = b.output(b.call("right", new LinearImpl(WIDTH + 8, 5), wide)).build();
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder()
                .defaultQConfig(
                    new QuantizationConfig(
                        ActivationQuantConfig.builder().nBits(8).symmetric(false).build(),
                        WeightQuantConfig.builder().nBits(8).perChannel(true).build()))
                .input("left", ActivationQuantConfig.ofBits(8))
                .input("right", ActivationQuantConfig.ofBits(8))
                .build());
    GraphModule model = (GraphModule) Conversion.convertToQuantized(plain, map);
    Tensor x = torch.randn(32, WIDTH);
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    LoweredModel lowered = Lowering.toProgram(model, options(x).build());
    assertEquals(2, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    Row pad = lowered.report().rows("constant_pad_nd").get(0);
    assertTrue(pad.output().contains("8 bits"), lowered.report()::toString);
    var difference =
        LoweredComparison.compare(model, lowered.program(), Map.of("x", torch.randn(9, WIDTH)));
    assertTrue(difference.greatest() <= 0.03 * difference.magnitude(), difference::toString);
  }
}
