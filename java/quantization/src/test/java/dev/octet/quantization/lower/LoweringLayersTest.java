// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
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
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.WrapperModule;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions, embeddings, normalizations and shapes as programs. */
@Tag("cuda")
class LoweringLayersTest {
  private static final int WIDTH = 16;

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

  private static ActivationQuantConfig activations(int bits, boolean symmetric) {
    return ActivationQuantConfig.builder().nBits(bits).symmetric(symmetric).build();
  }

  private static GraphModule convert(
      GraphModule model,
      int weightBits,
      boolean perChannel,
      ActivationQuantConfig activations,
      UnaryOperator<QuantizationMap.Builder> more,
      Tensor... batches) {
    QuantizationConfig config =
        new QuantizationConfig(
            activations,
            WeightQuantConfig.builder().nBits(weightBits).perChannel(perChannel).build());
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            more.apply(QuantizationMap.builder().defaultQConfig(config)).build());
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    Calibration.calibrateQuantizationRanges(converted, Arrays.asList(batches));
    return converted;
  }

  private static double step(GraphModule converted, String path) {
    Module module = converted.child(path);
    return ((QuantizedModule) (module instanceof WrapperModule w ? w.facadeInner() : module))
        .activationQuantizer()
        .orElseThrow()
        .quantizer()
        .scale()
        .item_double();
  }

  private static Conv2dImpl convolution(
      long in, long out, long kernel, long stride, long padding, long groups) {
    Conv2dOptions options = new Conv2dOptions(in, out, new LongPointer(kernel, kernel));
    options.stride().put(new long[] {stride, stride});
    options.padding().put(new LongPointer(padding, padding));
    options.groups().put(groups);
    return new Conv2dImpl(options);
  }

  @ParameterizedTest
  @CsvSource({"8, true, 8, false", "8, false, 8, true", "4, true, 6, false", "2, true, 4, true"})
  void convolutions(int weightBits, boolean perChannel, int bits, boolean symmetric) {
    var b = GraphModule.builder("x");
    GraphValue a = b.relu(b.call("conv1", convolution(3, 8, 3, 2, 1, 1), b.input("x")));
    GraphValue d = b.relu(b.call("depthwise", convolution(8, 8, 3, 1, 1, 8), a));
    GraphValue s = b.relu(b.add(b.call("conv2", convolution(8, 8, 1, 1, 0, 1), d), a));
    GraphValue n = b.call("conv3", convolution(8, 4, 3, 2, 0, 1), s);
    GraphValue flat = b.function("aten::flatten.using_ints", n, 1L, -1L);
    GraphModule model = b.output(b.call("head", new LinearImpl(36, 5), flat)).build();
    Tensor x = torch.randn(6, 3, 16, 16);
    GraphModule converted =
        convert(
            model,
            weightBits,
            perChannel,
            activations(bits, symmetric),
            map -> map.input("conv1", activations(8, false)).input("conv3", activations(8, false)),
            x);
    LoweringOptions options =
        LoweringOptions.builder().input("x", x, "batch", null, null, null).build();
    LoweredModel lowered = Lowering.toProgram(converted, options);
    assertEquals(5, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    for (int batch : new int[] {1, 3}) {
      Tensor other = torch.randn(batch, 3, 16, 16);
      var difference = LoweredComparison.compare(converted, lowered.program(), Map.of("x", other));
      assertTrue(difference.greatest() <= 1.001 * step(converted, "head"), difference::toString);
    }
  }

  private static GraphValue mix(GraphBuilder b, String name, GraphValue x) {
    GraphValue up = b.call(name + "_up", new LinearImpl(WIDTH, 4 * WIDTH), x);
    GraphValue down = b.call(name + "_down", new LinearImpl(4 * WIDTH, WIDTH), b.gelu(up));
    return b.add(x, down);
  }

  private static LayerNormImpl norm() {
    return new LayerNormImpl(new LayerNormOptions(new LongVector(new long[] {WIDTH})));
  }

  @ParameterizedTest
  @CsvSource({"8, true, 8", "8, false, 8", "4, true, 8", "4, false, 6"})
  void embeddingsAndNormalizations(int weightBits, boolean perChannel, int bits) {
    var b = GraphModule.builder("ids");
    GraphValue e = b.call("word", new EmbeddingImpl(50, WIDTH), b.input("ids"));
    GraphValue n = b.call("norm0", norm(), e);
    GraphValue h = b.call("norm1", norm(), mix(b, "mix", n));
    GraphValue first = b.function("aten::select.int", h, 1L, 0L);
    GraphModule model = b.output(b.call("head", new LinearImpl(WIDTH, 3), first)).build();
    Tensor ids = torch.randint(50, new long[] {6, 12});
    GraphModule converted =
        convert(
            model,
            weightBits,
            perChannel,
            activations(bits, false),
            map -> map.input("mix_down", activations(8, false)),
            ids);
    LoweringOptions options =
        LoweringOptions.builder().input("ids", ids, "batch", "tokens").build();
    LoweredModel lowered = Lowering.toProgram(converted, options);
    assertEquals(3, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    assertEquals(
        List.of("add before", "quantize"), lowered.report().rows("norm1").get(0).epilogue());
    for (long[] shape : new long[][] {{1, 1}, {4, 9}, {2, 30}}) {
      Tensor other = torch.randint(50, shape);
      var difference =
          LoweredComparison.compare(converted, lowered.program(), Map.of("ids", other));
      assertTrue(difference.greatest() <= 1.001 * step(converted, "head"), difference::toString);
    }
  }

  private static GraphValue heads(GraphBuilder b, String name, GraphValue x) {
    GraphValue y = b.call(name, new LinearImpl(WIDTH, WIDTH), x);
    GraphValue split = b.function("aten::unflatten.int", y, -1L, List.of(4L, 4L));
    return b.function("aten::permute", split, List.of(0L, 2L, 1L, 3L));
  }

  /** Attention, with its probabilities as they are or as the integer kernel rounds them. */
  private static GraphModule attention(boolean rounded) {
    torch.manual_seed(3);
    var b = GraphModule.builder("x");
    GraphValue q = heads(b, "query", b.input("x"));
    GraphValue k = heads(b, "key", b.input("x"));
    GraphValue v = heads(b, "value", b.input("x"));
    GraphValue y;
    if (rounded) {
      GraphValue scores = b.matmul(q, b.function("aten::transpose.int", k, -1L, -2L));
      GraphValue p = b.function("aten::softmax.int", b.mul(scores, 0.5), -1L, null);
      GraphValue onGrid =
          b.function("aten::fake_quantize_per_tensor_affine", p, 1.0 / 255, 0L, 0L, 255L);
      y = b.matmul(onGrid, v);
    } else {
      y = b.function("aten::scaled_dot_product_attention", q, k, v, null, 0.0, false);
    }
    GraphValue joined =
        b.function(
            "aten::flatten.using_ints",
            b.function("aten::permute", y, List.of(0L, 2L, 1L, 3L)),
            2L,
            3L);
    return b.output(b.call("dense", new LinearImpl(WIDTH, WIDTH), joined)).build();
  }

  @Test
  void attentionInIntegersRoundsItsProbabilitiesOnly() {
    Tensor x = torch.randn(3, 7, WIDTH);
    UnaryOperator<QuantizationMap.Builder> more = map -> map;
    for (String path : List.of("query", "key", "value", "dense")) {
      UnaryOperator<QuantizationMap.Builder> before = more;
      more = map -> before.apply(map).input(path, activations(8, false));
    }
    ActivationQuantConfig outputs = activations(8, false);
    GraphModule rounded = convert(attention(true), 8, true, outputs, more, x);
    GraphModule plain = convert(attention(false), 8, true, outputs, more, x);
    StateDict.load(plain, StateDict.of(rounded));
    LoweringOptions options =
        LoweringOptions.builder().input("x", x, "batch", "tokens", null).integerAttention().build();
    LoweredModel lowered = Lowering.toProgram(plain, options);
    assertEquals(5, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    var difference =
        LoweredComparison.compare(
            rounded, lowered.program(), Map.of("x", torch.randn(2, 11, WIDTH)));
    assertTrue(difference.greatest() <= 1.001 * step(rounded, "dense"), difference::toString);
    assertTrue(difference.differing() <= 0.05 * difference.count(), difference::toString);
  }

  @Test
  void sizesThatAreComputed() {
    var b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue batch = b.function("aten::size.int", x, 0L);
    GraphValue tokens = b.function("aten::size.int", x, 1L);
    GraphValue heads = b.function("aten::view", x, Arrays.asList(batch, tokens, 4L, 4L));
    GraphValue turned = b.function("aten::permute", heads, List.of(0L, 2L, 1L, 3L));
    GraphValue back = b.function("aten::permute", turned, List.of(0L, 2L, 1L, 3L));
    GraphValue rows = b.function("aten::reshape", back, Arrays.asList(-1L, 16L));
    GraphModule model = b.output(b.tanh(rows)).build();
    model.eval();
    Tensor example = torch.randn(2, 5, 16);
    LoweredModel lowered =
        Lowering.toProgram(
            model, LoweringOptions.builder().input("x", example, "batch", "tokens", null).build());
    Tensor other = torch.randn(3, 7, 16);
    var difference = LoweredComparison.compare(model, lowered.program(), Map.of("x", other));
    assertEquals(0, difference.differing(), difference::toString);
  }

  @Test
  void masksOfIndices() {
    var b = GraphModule.builder("ids");
    GraphValue ids = b.input("ids");
    GraphValue mask = b.function("aten::ne.Scalar", ids, 0L);
    GraphValue rows = b.call("word", new EmbeddingImpl(50, WIDTH), ids);
    GraphValue wide = b.function("aten::unsqueeze", mask, -1L);
    GraphValue none = b.function("aten::logical_not", wide);
    GraphModule model = b.output(b.function("aten::masked_fill.Scalar", rows, none, -1.5)).build();
    model.eval();
    Tensor example = torch.randint(3, new long[] {4, 6});
    LoweredModel lowered =
        Lowering.toProgram(
            model, LoweringOptions.builder().input("ids", example, "batch", "tokens").build());
    Tensor other = torch.randint(3, new long[] {5, 11});
    var difference = LoweredComparison.compare(model, lowered.program(), Map.of("ids", other));
    assertEquals(0, difference.differing(), difference::toString);
  }

  @Test
  void operatorsThatWriteInPlace() {
    var b = GraphModule.builder("x");
    GraphValue a = b.tanh(b.input("x"));
    GraphValue sum = b.function("aten::add_.Tensor", a, b.input("x"), 2.0);
    b.function("aten::relu_", sum);
    GraphModule model = b.output(b.mul(a, a)).build();
    model.eval();
    Tensor example = torch.randn(4, 6);
    LoweredModel lowered =
        Lowering.toProgram(
            model, LoweringOptions.builder().input("x", example, "batch", null).build());
    Tensor other = torch.randn(7, 6);
    var difference = LoweredComparison.compare(model, lowered.program(), Map.of("x", other));
    assertEquals(0, difference.differing(), difference::toString);
  }

  @Test
  void refusesToWriteBehindAView() {
    var b = GraphModule.builder("x");
    GraphValue a = b.tanh(b.input("x"));
    GraphValue view = b.function("aten::t", a);
    b.function("aten::relu_", a);
    GraphModule model = b.output(b.mul(view, view)).build();
    model.eval();
    Tensor example = torch.randn(4, 4);
    LoweringOptions options = LoweringOptions.builder().input("x", example).build();
    String message =
        assertThrows(LoweringException.class, () -> Lowering.toProgram(model, options))
            .getMessage();
    assertTrue(message.contains("aten::relu_") && message.contains("'t'"), message);
  }

  @Test
  void namesOperatorsThatCannotBeLowered() {
    var b = GraphModule.builder("x");
    GraphValue sorted = b.item(b.function("aten::sort", b.input("x"), -1L, false), 0);
    GraphModule model = b.output(b.tanh(sorted)).build();
    model.eval();
    Tensor example = torch.randn(4, 4);
    LoweringOptions options = LoweringOptions.builder().input("x", example, "batch", null).build();
    String message =
        assertThrows(LoweringException.class, () -> Lowering.toProgram(model, options))
            .getMessage();
    assertTrue(message.contains("'sort' (aten::sort)"), message);
    LoweringReport report = Lowering.explain(model, options);
    assertEquals(Arithmetic.FLOAT, report.rows("tanh").get(0).arithmetic());
  }

  @Test
  void keepsValuesOfMoreThanEightBitsInFloats() {
    var b = GraphModule.builder("x");
    GraphModule model =
        b.output(b.relu(b.call("fc", new LinearImpl(WIDTH, WIDTH), b.input("x")))).build();
    Tensor x = torch.randn(32, WIDTH);
    GraphModule converted =
        convert(
            model,
            8,
            true,
            activations(12, false),
            map -> map.input("fc", activations(8, true)),
            x);
    LoweredModel lowered =
        Lowering.toProgram(
            converted, LoweringOptions.builder().input("x", x, "batch", null).build());
    assertTrue(
        lowered.report().toString().contains("activations of 12 bits are simulated in floats"));
    Tensor other = torch.randn(8, WIDTH);
    var difference = LoweredComparison.compare(converted, lowered.program(), Map.of("x", other));
    assertTrue(difference.greatest() <= 1.001 * step(converted, "fc"), difference::toString);
  }
}
