// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.transform.ActivationSmoothing;
import dev.octet.quantization.tree.WrapperModule;
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

/** Smoothed models as programs: the layer before does the multiplication where it can. */
@Tag("cuda")
class LoweringSmoothedTest {
  private static final int WIDTH = 16;
  private static final int INNER = 40;

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(17);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static GraphModule converted(GraphModule model, Tensor x) {
    model.eval();
    ActivationSmoothing.smooth(
        model, Map.of("down", 0.7), List.of(x), (m, batch) -> m.forward(batch).close());
    ActivationQuantConfig codes = ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder()
                .defaultQConfig(
                    new QuantizationConfig(
                        ActivationQuantConfig.none(),
                        WeightQuantConfig.builder().nBits(8).perChannel(true).build()))
                .input("up", codes)
                .input("down", codes)
                .build());
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    return converted;
  }

  private static LoweredModel lower(GraphModule converted, Tensor x) {
    return Lowering.toProgram(
        converted, LoweringOptions.builder().input("x", x, "batch", null).build());
  }

  private static void check(GraphModule converted, LoweredModel lowered, String from) {
    QuantizedModule quantizer =
        (QuantizedModule) ((WrapperModule) converted.child(from)).facadeInner();
    assertTrue(quantizer.quantizesWeights());
    Tensor other = torch.randn(9, WIDTH);
    var difference = LoweredComparison.compare(converted, lowered.program(), Map.of("x", other));
    // A code of the inner values that lies on a rounding edge moves the outputs by one weight's
    // worth, and few do.
    assertTrue(difference.greatest() <= 0.02 * difference.magnitude(), difference::toString);
    assertTrue(difference.differing() <= difference.count() / 2, difference::toString);
  }

  @Test
  void theLayerBeforeMultipliesItsColumns() {
    var b = GraphModule.builder("x");
    GraphValue inner = b.gelu(b.call("up", new LinearImpl(WIDTH, INNER), b.input("x")));
    GraphModule model = b.output(b.call("down", new LinearImpl(INNER, WIDTH), inner)).build();
    Tensor x = torch.randn(64, WIDTH);
    GraphModule converted = converted(model, x);
    LoweredModel lowered = lower(converted, x);
    assertEquals(
        List.of("bias", "gelu_erf", "mul", "quantize"),
        lowered.report().rows("up").get(1).epilogue(),
        lowered.report()::toString);
    assertTrue(
        lowered.program().operations().stream().noneMatch(o -> o.kind().name().equals("binary")),
        lowered.program()::toString);
    check(converted, lowered, "down");
  }

  @Test
  void aSumIsMultipliedOnItsOwn() {
    var b = GraphModule.builder("x");
    GraphValue up = b.call("up", new LinearImpl(WIDTH, INNER), b.input("x"));
    GraphValue inner =
        b.relu(b.add(up, b.call("side", new LinearImpl(WIDTH, INNER), b.tanh(b.input("x")))));
    GraphModule model = b.output(b.call("down", new LinearImpl(INNER, WIDTH), inner)).build();
    Tensor x = torch.randn(64, WIDTH);
    GraphModule converted = converted(model, x);
    LoweredModel lowered = lower(converted, x);
    assertTrue(
        lowered.program().operations().stream().anyMatch(o -> o.kind().name().equals("binary")),
        lowered.program()::toString);
    check(converted, lowered, "down");
  }
}
