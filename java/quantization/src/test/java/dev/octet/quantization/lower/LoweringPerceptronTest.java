// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.tree.WrapperModule;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.GELUImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Perceptrons as programs. */
@Tag("cuda")
class LoweringPerceptronTest {
  private static final int IN = 24;
  private static final int HIDDEN = 40;
  private static final int OUT = 10;

  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
    torch.manual_seed(7);
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static GraphModule perceptron() {
    var b = GraphModule.builder("x");
    GraphValue h = b.call("fc1", new LinearImpl(IN, HIDDEN), b.input("x"));
    GraphValue r = b.call("act", new ReLUImpl(), h);
    return b.output(b.call("fc2", new LinearImpl(HIDDEN, OUT), r)).build();
  }

  private static QuantizationConfig config(
      int weightBits, boolean perChannel, boolean weightSymmetric, int bits, boolean symmetric) {
    return new QuantizationConfig(
        ActivationQuantConfig.builder().nBits(bits).symmetric(symmetric).build(),
        WeightQuantConfig.builder()
            .nBits(weightBits)
            .perChannel(perChannel)
            .symmetric(weightSymmetric)
            .build());
  }

  private static GraphModule convert(
      GraphModule model,
      QuantizationConfig config,
      UnaryOperator<QuantizationMap.Builder> more,
      Tensor samples) {
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            more.apply(QuantizationMap.builder().defaultQConfig(config)).build());
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
    Calibration.calibrateQuantizationRanges(converted, List.of(samples));
    return converted;
  }

  private static LoweringOptions options(Tensor x) {
    return LoweringOptions.builder().input("x", x, "batch", null).build();
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

  @ParameterizedTest
  @CsvSource({
    "8, true, true, 8, false", "8, false, false, 8, true", "4, true, true, 8, false",
    "4, false, false, 4, false", "3, true, false, 6, true", "2, true, true, 2, false"
  })
  void staysWithinAStepOfTheSimulatedModel(
      int weightBits, boolean perChannel, boolean weightSymmetric, int bits, boolean symmetric) {
    Tensor samples = torch.randn(64, IN);
    GraphModule converted =
        convert(
            perceptron(),
            config(weightBits, perChannel, weightSymmetric, bits, symmetric),
            map -> map.input("fc1", ActivationQuantConfig.builder().nBits(8).build()),
            samples);
    LoweredModel lowered = Lowering.toProgram(converted, options(samples));
    for (int batch : new int[] {1, 5, 64}) {
      var difference =
          LoweredComparison.compare(
              converted, lowered.program(), Map.of("x", torch.randn(batch, IN)));
      assertTrue(difference.greatest() <= 1.001 * step(converted, "fc2"), difference::toString);
      assertTrue(difference.differing() <= 0.01 * difference.count() + 1, difference::toString);
    }
    assertEquals(2, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    assertEquals(
        List.of("bias", "relu", "quantize"), lowered.report().rows("fc1").get(1).epilogue());
    assertEquals(4, lowered.program().operations().size(), lowered.program()::toString);
  }

  @Test
  void keepsAQuantizerInFrontOfAnActivationInItsPlace() {
    var b = GraphModule.builder("x");
    GraphValue h = b.call("up", new LinearImpl(IN, HIDDEN), b.input("x"));
    GraphValue a = b.call("act", new GELUImpl(), h);
    GraphModule model = b.output(b.call("down", new LinearImpl(HIDDEN, OUT), a)).build();
    Tensor samples = torch.randn(64, IN);
    ActivationQuantConfig input = ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
    GraphModule converted =
        convert(
            model,
            config(8, true, true, 8, false),
            map -> map.input("up", input).input("down", input),
            samples);
    LoweredModel lowered = Lowering.toProgram(converted, options(samples));
    assertEquals(List.of("bias", "quantize"), lowered.report().rows("up").get(1).epilogue());
    var gelu = lowered.report().rows("act").get(0);
    assertEquals("unary", gelu.kernel());
    assertEquals(List.of("quantize"), gelu.epilogue());
    var difference =
        LoweredComparison.compare(converted, lowered.program(), Map.of("x", torch.randn(33, IN)));
    assertTrue(difference.greatest() <= 1.001 * step(converted, "down"), difference::toString);
  }

  @Test
  void fusesAnActivationBehindALayerWithoutAQuantizer() {
    var b = GraphModule.builder("x");
    GraphValue h = b.call("up", new LinearImpl(IN, HIDDEN), b.input("x"));
    GraphModule model = b.output(b.gelu(h)).build();
    Tensor samples = torch.randn(64, IN);
    GraphModule converted =
        convert(
            model,
            config(8, true, true, 0, true),
            map -> map.input("up", ActivationQuantConfig.ofBits(8)),
            samples);
    LoweredModel lowered = Lowering.toProgram(converted, options(samples));
    assertEquals(List.of("bias", "gelu_erf"), lowered.report().rows("up").get(1).epilogue());
    var difference =
        LoweredComparison.compare(converted, lowered.program(), Map.of("x", torch.randn(33, IN)));
    assertEquals(0, difference.differing(), difference::toString);
  }

  @Test
  void addsAResidualInTheEpilogue() {
    var b = GraphModule.builder("x");
    GraphValue x = b.input("x");
    GraphValue h = b.call("fc", new LinearImpl(IN, IN), x);
    GraphModule model = b.output(b.relu(b.add(x, h))).build();
    Tensor samples = torch.randn(64, IN);
    GraphModule converted =
        convert(
            model,
            config(8, true, true, 0, true),
            map -> map.input("fc", ActivationQuantConfig.ofBits(8)),
            samples);
    LoweredModel lowered = Lowering.toProgram(converted, options(samples));
    assertEquals(List.of("bias", "add", "relu"), lowered.report().rows("fc").get(1).epilogue());
    var difference =
        LoweredComparison.compare(converted, lowered.program(), Map.of("x", torch.randn(9, IN)));
    assertEquals(0, difference.differing(), difference::toString);
  }

  @Test
  void saysWhatToAddToTheMap() throws Exception {
    Tensor samples = torch.randn(64, IN);
    GraphModule converted =
        convert(perceptron(), config(8, true, true, 8, false), map -> map, samples);
    LoweringReport report = Lowering.explain(converted, options(samples));
    var first = report.rows("fc1").get(0);
    assertEquals(List.of("add an input quantizer at 'fc1'"), first.advice());
    assertEquals(Arithmetic.INTEGER, report.rows("fc2").get(0).arithmetic());
    assertTrue(report.toString().contains("-> add an input quantizer at 'fc1'"), report::toString);
    JsonNode json = new JsonMapper().readTree(report.toJson());
    assertTrue(json.get("operations").findValuesAsText("kernel").contains("linear"));
    assertEquals(report.isComplete(), json.get("complete").asBoolean());
  }

  @Test
  void namesTheLayerWhoseActivationsCouldBeQuantized() {
    Tensor samples = torch.randn(64, IN);
    GraphModule converted =
        convert(
            perceptron(),
            config(8, true, true, 0, true),
            map -> map.input("fc1", ActivationQuantConfig.ofBits(8)),
            samples);
    var second = Lowering.explain(converted, options(samples)).rows("fc2").get(0);
    assertEquals(
        List.of("add an input quantizer at 'fc2', or quantize the activations of 'fc1'"),
        second.advice());
  }

  @Test
  void leavesTheModelAsItIs() {
    Tensor samples = torch.randn(16, IN);
    GraphModule converted =
        convert(
            perceptron(),
            config(8, true, true, 8, false),
            map -> map.input("fc1", ActivationQuantConfig.ofBits(8)),
            samples);
    String before = converted.code();
    Lowering.explain(converted, options(samples));
    assertEquals(before, converted.code());
    assertFalse(converted.is_training());
  }

  @Test
  void refusesAModelInTrainMode() {
    Tensor samples = torch.randn(16, IN);
    GraphModule converted =
        convert(perceptron(), config(8, true, true, 8, false), map -> map, samples);
    converted.train(true);
    String message =
        assertThrows(LoweringException.class, () -> Lowering.explain(converted, options(samples)))
            .getMessage();
    assertTrue(message.contains("train mode") && message.contains("eval()"), message);
  }

  @Test
  void refusesInputsThatTheModelDoesNotTake() {
    Tensor samples = torch.randn(16, IN);
    GraphModule converted =
        convert(perceptron(), config(8, true, true, 8, false), map -> map, samples);
    LoweringOptions other = LoweringOptions.builder().input("y", samples).build();
    String message =
        assertThrows(IllegalArgumentException.class, () -> Lowering.explain(converted, other))
            .getMessage();
    assertTrue(message.contains("'y'") && message.contains("[x]"), message);
  }
}
