// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.state.Calibration;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.kCircular;
import org.bytedeco.pytorch.kReflect;
import org.bytedeco.pytorch.kReplicate;
import org.bytedeco.pytorch.kSame;
import org.bytedeco.pytorch.kValid;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions in integers, with every kind of window, border and weight. */
class IntegerConv2dTest {
  private PointerScope scope;
  private NoGradGuard guard;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    guard = new NoGradGuard();
    torch.manual_seed(5);
  }

  @AfterEach
  void close() {
    guard.close();
    scope.close();
  }

  private static GraphModule converted(Conv2dOptions options, WeightQuantConfig weights, Tensor x) {
    var b = GraphModule.builder("x");
    GraphModule model = b.output(b.call("conv", new Conv2dImpl(options), b.input("x"))).build();
    ActivationQuantConfig activations =
        ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
    GraphModule converted =
        (GraphModule)
            Conversion.convertToQuantized(
                model,
                Conversion.appendDefaultConversions(
                    QuantizationMap.builder()
                        .defaultQConfig(new QuantizationConfig(activations, weights))
                        .input("conv", activations)
                        .build()));
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    return converted;
  }

  private static WeightQuantConfig weights(int bits, boolean perChannel, boolean symmetric) {
    return WeightQuantConfig.builder()
        .nBits(bits)
        .perChannel(perChannel)
        .symmetric(symmetric)
        .build();
  }

  private static GraphModule integer(GraphModule simulated) {
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(simulated, IntegerOptions.builder().build());
    assertEquals(
        1, integer.report().rows(Arithmetic.INTEGER).size(), () -> integer.report().toString());
    return integer.model();
  }

  @ParameterizedTest
  @CsvSource({
    // in, out, kernel h and w, stride, padding, dilation, groups, bits, per channel, symmetric
    "3, 8, 3, 3, 1, 1, 1, 1, 8, true, true",
    "3, 8, 3, 5, 2, 2, 1, 1, 8, false, true",
    "4, 4, 3, 3, 1, 1, 1, 4, 8, true, false",
    "4, 8, 3, 3, 1, 1, 1, 4, 4, true, true",
    "6, 9, 3, 2, 2, 0, 2, 3, 8, true, true",
    "5, 7, 1, 1, 1, 0, 1, 1, 4, false, false",
    "8, 3, 1, 1, 3, 0, 1, 1, 2, true, true",
    "1, 1, 5, 5, 1, 4, 2, 1, 6, false, true"
  })
  void givesWhatTheSimulatedLayerGives(
      long in,
      long out,
      long height,
      long width,
      long stride,
      long padding,
      long dilation,
      long groups,
      int bits,
      boolean perChannel,
      boolean symmetric) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(height, width));
    options.stride().put(new long[] {stride, stride});
    options.padding().put(new LongPointer(padding, padding));
    options.dilation().put(new long[] {dilation, dilation});
    options.groups().put(groups);
    Tensor x = torch.randn(2, in, 11, 13);
    GraphModule simulated = converted(options, weights(bits, perChannel, symmetric), x);
    GraphModule integer = integer(simulated);
    for (Tensor each :
        List.of(
            x,
            torch.randn(1, in, 9, 20),
            torch.randn(in, 10, 10),
            torch.randn(0, in, 11, 11),
            torch.randn(2, in, 13, 11).transpose(2, 3),
            torch.randn(2, 11, 13, in).permute(0, 3, 1, 2))) {
      LevelComparison.assertWithinAStep(simulated, integer, each);
    }
  }

  private static void checkPadding(Consumer<Conv2dOptions> pad) {
    Conv2dOptions options = new Conv2dOptions(3, 5, new LongPointer(4, 3));
    pad.accept(options);
    Tensor x = torch.randn(2, 3, 8, 9).add(torch.ones(1));
    GraphModule simulated = converted(options, weights(8, true, true), x);
    GraphModule integer = integer(simulated);
    LevelComparison.assertWithinAStep(simulated, integer, x);
    LevelComparison.assertWithinAStep(simulated, integer, torch.randn(1, 3, 7, 7));
  }

  @Test
  void paddingByName() {
    checkPadding(options -> options.padding().put(new kSame()));
    checkPadding(options -> options.padding().put(new kValid()));
  }

  @Test
  void bordersThatRepeatTheInput() {
    checkPadding(
        options -> {
          options.padding().put(new LongPointer(2, 1));
          options.padding_mode().put(new kReflect());
        });
    checkPadding(
        options -> {
          options.padding().put(new LongPointer(2, 1));
          options.padding_mode().put(new kReplicate());
        });
    checkPadding(
        options -> {
          options.padding().put(new LongPointer(2, 1));
          options.padding_mode().put(new kCircular());
        });
    checkPadding(
        options -> {
          options.padding().put(new kSame());
          options.padding_mode().put(new kReflect());
        });
  }

  /** What views the output, such as a flatten by view(), goes on working. */
  @Test
  void outputsLieInMemoryAsInputsDo() {
    Tensor x = torch.randn(2, 4, 6, 6);
    Conv2dOptions options = new Conv2dOptions(4, 4, new LongPointer(3, 3));
    GraphModule integer = integer(converted(options, weights(8, true, true), x));
    assertTrue(((Tensor) integer.forwardAny(x)).is_contiguous());
    Tensor last = (Tensor) integer.forwardAny(x.contiguous(MemoryFormat.ChannelsLast));
    assertTrue(last.is_contiguous(MemoryFormat.ChannelsLast));
    assertFalse(last.is_contiguous());
  }

  @Test
  void wrongShapesAreNamed() {
    Tensor x = torch.randn(2, 4, 6, 6);
    Conv2dOptions options = new Conv2dOptions(4, 4, new LongPointer(3, 3));
    GraphModule integer = integer(converted(options, weights(8, true, true), x));
    for (Tensor wrong : List.of(torch.randn(2, 3, 6, 6), torch.randn(4, 6), torch.randn(4))) {
      var error = assertThrows(IllegalArgumentException.class, () -> integer.forwardAny(wrong));
      assertTrue(error.getMessage().contains("[N, 4, H, W]"), error.getMessage());
      assertTrue(error.getMessage().contains("'conv'"), error.getMessage());
    }
    var small =
        assertThrows(
            IllegalArgumentException.class, () -> integer.forwardAny(torch.randn(1, 4, 2, 2)));
    assertTrue(small.getMessage().contains("'conv'"), small.getMessage());
  }
}
