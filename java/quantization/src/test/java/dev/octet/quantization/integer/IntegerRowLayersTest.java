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
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.state.Calibration;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.EmbeddingOptions;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Embeddings and layer normalizations at the integer level. */
class IntegerRowLayersTest {
  private PointerScope scope;
  private NoGradGuard guard;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    guard = new NoGradGuard();
    torch.manual_seed(11);
  }

  @AfterEach
  void close() {
    guard.close();
    scope.close();
  }

  private static Tensor indices(long count, long... shape) {
    return torch.randint(count, shape, new TensorOptions(ScalarType.Long));
  }

  private static GraphModule converted(QuantizationConfig config, Tensor x, Module... chain) {
    var b = GraphModule.builder("x");
    var value = b.input("x");
    for (int i = 0; i < chain.length; i++) {
      value = b.call("layer" + i, chain[i], value);
    }
    GraphModule converted =
        (GraphModule)
            Conversion.convertToQuantized(
                b.output(value).build(),
                Conversion.appendDefaultConversions(
                    QuantizationMap.builder().defaultQConfig(config).build()));
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    return converted;
  }

  private static QuantizationConfig config(int bits, boolean perChannel, boolean symmetric) {
    return new QuantizationConfig(
        ActivationQuantConfig.builder().nBits(8).symmetric(false).build(),
        WeightQuantConfig.builder()
            .nBits(bits)
            .perChannel(perChannel)
            .symmetric(symmetric)
            .build());
  }

  @ParameterizedTest
  @CsvSource({
    "8, true, true, 7",
    "8, false, true, 16",
    "8, true, false, 5",
    "4, true, true, 7",
    "4, false, false, 8",
    "2, true, true, 1"
  })
  void embeddingsAreTheSameBits(int bits, boolean perChannel, boolean symmetric, long width) {
    Tensor x = indices(20, 4, 6);
    GraphModule simulated =
        converted(config(bits, perChannel, symmetric), x, new EmbeddingImpl(20, width));
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(simulated, IntegerOptions.ofExample(x));
    assertEquals(1, integer.report().rows(Arithmetic.MIXED).size());
    for (Tensor each :
        List.of(x, indices(20, 3), indices(20, 0), indices(20, 2, 3, 4).transpose(0, 2))) {
      assertTrue(
          torch.equal(
              (Tensor) simulated.forwardAny(each), (Tensor) integer.model().forwardAny(each)));
      Tensor ints = each.to(ScalarType.Int);
      assertTrue(
          torch.equal(
              (Tensor) simulated.forwardAny(ints), (Tensor) integer.model().forwardAny(ints)));
    }
    var error =
        assertThrows(
            IllegalArgumentException.class,
            () -> integer.model().forwardAny(torch.tensor(new long[] {3, 20})));
    assertTrue(error.getMessage().contains("'layer0'"), error.getMessage());
    assertTrue(error.getMessage().contains("20"), error.getMessage());
    error =
        assertThrows(
            IllegalArgumentException.class, () -> integer.model().forwardAny(torch.randn(2)));
    assertTrue(error.getMessage().contains("Int or Long"), error.getMessage());
  }

  /** Rows of a table with one scale are on its grid, which the next layer uses. */
  @Test
  void layersBehindAnEmbeddingTakeItsGrid() {
    Tensor x = indices(20, 4, 6);
    GraphModule simulated =
        converted(config(8, false, true), x, new EmbeddingImpl(20, 8), new LinearImpl(8, 5));
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(simulated, IntegerOptions.ofExample(x));
    assertEquals(1, integer.report().rows(Arithmetic.INTEGER).size());
    assertTrue(integer.report().toString().contains("the table of 'layer0'"));
    LevelComparison.assertWithinAStep(simulated, integer.model(), x);
  }

  @Test
  void embeddingsThatChangeStaySimulated() {
    Tensor x = indices(20, 4);
    EmbeddingOptions options = new EmbeddingOptions(20, 8);
    options.max_norm().put(new DoubleOptional(1.0));
    GraphModule simulated = converted(config(8, true, true), x, new EmbeddingImpl(options));
    IntegerModel<GraphModule> integer =
        IntegerModules.convert(simulated, IntegerOptions.ofExample(x));
    LoweringReport.Row row = integer.report().rows("layer0").get(0);
    assertTrue(row.reasons().get(0).contains("max_norm"), row::toString);
    assertTrue(
        torch.equal((Tensor) simulated.forwardAny(x), (Tensor) integer.model().forwardAny(x)));
  }

  private static LayerNormImpl norm(boolean affine, long... shape) {
    LayerNormOptions options = new LayerNormOptions(new LongVector(shape));
    options.elementwise_affine().put(affine);
    return new LayerNormImpl(options);
  }

  @Test
  void normalizations() {
    Tensor x = torch.randn(3, 4, 10);
    for (LayerNormImpl layer : List.of(norm(true, 10), norm(false, 10), norm(true, 4, 10))) {
      if (layer.weight().defined()) {
        layer.weight().copy_(torch.randn(Tensors.shape(layer.weight())));
        layer.bias().copy_(torch.randn(Tensors.shape(layer.weight())));
      }
      GraphModule simulated = converted(config(8, false, true), x, layer);
      IntegerModel<GraphModule> integer =
          IntegerModules.convert(simulated, IntegerOptions.ofExample(x));
      assertEquals("layer_norm", integer.report().rows("layer0").get(0).kernel());
      for (Tensor each : List.of(x, torch.randn(0, 4, 10), torch.randn(10, 4, 5).transpose(0, 2))) {
        LevelComparison.assertWithinAStep(simulated, integer.model(), each);
      }
      var error =
          assertThrows(
              IllegalArgumentException.class, () -> integer.model().forwardAny(torch.randn(4, 3)));
      assertTrue(error.getMessage().contains("10]"), error.getMessage());
    }
  }
}
