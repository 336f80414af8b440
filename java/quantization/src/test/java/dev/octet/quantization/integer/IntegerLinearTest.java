// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.state.Calibration;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linear layers in integers, with every kind of weight, grid and shape. */
class IntegerLinearTest {
  private PointerScope scope;
  private NoGradGuard guard;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    guard = new NoGradGuard();
    torch.manual_seed(3);
  }

  @AfterEach
  void close() {
    guard.close();
    scope.close();
  }

  private static LinearImpl linear(long in, long out, boolean bias) {
    LinearOptions options = new LinearOptions(in, out);
    options.bias().put(bias);
    return new LinearImpl(options);
  }

  private static ActivationQuantConfig activations(int bits, boolean symmetric) {
    return ActivationQuantConfig.builder().nBits(bits).symmetric(symmetric).build();
  }

  private static WeightQuantConfig weights(int bits, boolean perChannel, boolean symmetric) {
    return WeightQuantConfig.builder()
        .nBits(bits)
        .perChannel(perChannel)
        .symmetric(symmetric)
        .build();
  }

  private static GraphModule converted(
      LinearImpl layer, QuantizationConfig config, ActivationQuantConfig input, Tensor x) {
    var b = GraphModule.builder("x");
    GraphModule model = b.output(b.call("fc", layer, b.input("x"))).build();
    QuantizationMap.Builder map = QuantizationMap.builder().defaultQConfig(config);
    if (input != null) {
      map.input("fc", input);
    }
    GraphModule converted =
        (GraphModule)
            Conversion.convertToQuantized(model, Conversion.appendDefaultConversions(map.build()));
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    return converted;
  }

  @ParameterizedTest
  @CsvSource({
    "8, true, true, 8, false, true, 33, 17, 5",
    "8, false, true, 8, true, true, 33, 17, 5",
    "8, true, false, 8, false, true, 64, 32, 7",
    "4, true, true, 8, false, true, 33, 17, 1",
    "4, false, false, 4, true, false, 31, 8, 4",
    "2, true, true, 2, false, true, 19, 23, 3",
    "3, true, false, 6, true, false, 1, 1, 1",
    "5, true, true, 7, false, true, 100, 3, 64",
    "8, true, true, 16, false, true, 33, 17, 5"
  })
  void givesWhatTheSimulatedLayerGives(
      int weightBits,
      boolean perChannel,
      boolean symmetricWeights,
      int bits,
      boolean symmetric,
      boolean bias,
      long in,
      long out,
      long rows) {
    Tensor x = torch.randn(rows, in);
    // The output has the bits, the input at most the 8 that kernels take.
    QuantizationConfig config =
        new QuantizationConfig(
            activations(bits, symmetric), weights(weightBits, perChannel, symmetricWeights));
    GraphModule simulated =
        converted(linear(in, out, bias), config, activations(Math.min(bits, 8), symmetric), x);
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(simulated, IntegerOptions.builder().build());
    LoweringReport report = integer.report();
    assertEquals(1, report.rows(Arithmetic.INTEGER).size(), report::toString);
    for (Tensor each : List.of(x, torch.randn(rows, in), torch.randn(2 * rows, in))) {
      LevelComparison.assertWithinAStep(simulated, integer.model(), each);
    }
  }

  @Test
  void takesShapesAndStridesOfAllKinds() {
    Tensor x = torch.randn(6, 12);
    GraphModule simulated =
        converted(linear(12, 5, true), QuantizationConfig.ofBits(8, 8), activations(8, false), x);
    GraphModule integer = IntegerModules.convert(simulated, options()).model();
    for (Tensor each :
        List.of(
            torch.randn(12),
            torch.randn(0, 12),
            torch.randn(2, 0, 12),
            torch.randn(2, 3, 12),
            torch.randn(2, 3, 4, 12),
            torch.randn(12, 4).t(),
            torch.randn(5, 24).narrow(1, 3, 12),
            torch.randn(4, 1, 12).expand(4, 3, 12),
            torch.randn(3, 4, 12).transpose(0, 1))) {
      LevelComparison.assertWithinAStep(simulated, integer, each);
    }
  }

  @Test
  void dynamicRowsComeCloseToFloats() {
    Tensor x = torch.randn(9, 40);
    LinearImpl layer = linear(40, 11, true);
    GraphModule simulated =
        converted(
            layer, new QuantizationConfig(activations(16, false), weights(8, true, true)), null, x);
    assertEquals(
        0,
        IntegerModules.convert(simulated, IntegerOptions.ofExample(x))
            .report()
            .rows(Arithmetic.INTEGER)
            .size());
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(
            simulated, IntegerOptions.builder().example(x).dynamicInputs(8).build());
    assertEquals(1, integer.report().rows(Arithmetic.INTEGER).size());
    assertTrue(integer.report().toString().contains("as they come"), integer.report()::toString);
    Tensor expected = (Tensor) simulated.forwardAny(x);
    Tensor actual = (Tensor) integer.model().forwardAny(x);
    double error = actual.sub(expected).norm().item_double() / expected.norm().item_double();
    assertTrue(error > 0 && error < 0.02, "relative error " + error);
  }

  /** The root of a model can't have a quantizer in front of it. */
  @Test
  void aLayerOnItsOwn() {
    Tensor x = torch.randn(9, 40);
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder().defaultQConfig(QuantizationConfig.ofBits(8, 8)).build());
    QuantLinear simulated = (QuantLinear) Conversion.convertToQuantized(linear(40, 11, true), map);
    Calibration.calibrateQuantizationRanges(simulated, List.of(x));
    LoweringReport report = IntegerModules.convert(simulated, IntegerOptions.ofExample(x)).report();
    assertTrue(report.rows("").get(0).advice().get(0).contains("Sequential"), report::toString);
    QuantLinear integer =
        IntegerModules.convert(
                simulated, IntegerOptions.builder().example(x).dynamicInputs(8).build())
            .model();
    Tensor expected = simulated.forward(x);
    double error =
        integer.forward(x).sub(expected).norm().item_double() / expected.norm().item_double();
    assertTrue(error > 0 && error < 0.02, "relative error " + error);
    var wrong =
        assertThrows(IllegalArgumentException.class, () -> integer.forward(torch.randn(2, 3)));
    assertTrue(wrong.getMessage().contains("'QuantLinear'"), wrong.getMessage());
  }

  private static IntegerOptions options() {
    return IntegerOptions.builder().build();
  }

  @Test
  void inputsOffTheGridAreErrorsUnlessTheyMayBeRounded() {
    Tensor x = torch.randn(6, 12);
    var b = GraphModule.builder("x");
    GraphModule model =
        b.output(
                b.call(
                    "fc2", linear(12, 5, true), b.call("fc1", linear(12, 12, true), b.input("x"))))
            .build();
    GraphModule simulated =
        (GraphModule)
            Conversion.convertToQuantized(
                model,
                Conversion.appendDefaultConversions(
                    QuantizationMap.builder()
                        .defaultQConfig(QuantizationConfig.ofBits(8, 8))
                        .build()));
    Calibration.calibrateQuantizationRanges(simulated, List.of(x));
    GraphModule integer = IntegerModules.convert(simulated, IntegerOptions.ofExample(x)).model();
    LevelComparison.assertWithinAStep(simulated, integer, x);
    var layer = (QuantLinear) integer.child("fc2");
    Tensor off = torch.randn(3, 12);
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> layer.forward(off));
    assertTrue(error.getMessage().contains("input of 'fc2' is"), error.getMessage());
    assertTrue(error.getMessage().contains("grid of 'fc1'"), error.getMessage());
    Tensor withNan = ((QuantLinear) integer.child("fc1")).forward(x);
    withNan.select(0, 1).select(0, 2).fill_(new Scalar(Double.NaN));
    error = assertThrows(IllegalArgumentException.class, () -> layer.forward(withNan));
    assertTrue(error.getMessage().contains("NaN at [1, 2]"), error.getMessage());
    GraphModule lenient =
        IntegerModules.convert(
                simulated, IntegerOptions.builder().example(x).checkInputs(false).build())
            .model();
    Tensor rounded = ((QuantLinear) lenient.child("fc2")).forward(off);
    assertEquals(3, rounded.size(0));
  }
}
