// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweredComparison;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringOptions;
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.transform.BatchNormFolding;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Imported models as programs give what the simulated models give. */
class LoweringGoldenTest {
  private PointerScope scope;

  @BeforeEach
  void open() {
    scope = new PointerScope();
  }

  @AfterEach
  void close() {
    scope.close();
  }

  private static ActivationQuantConfig activations(int bits, boolean symmetric) {
    return ActivationQuantConfig.builder().nBits(bits).symmetric(symmetric).build();
  }

  private static QuantizationConfig config(
      int weightBits, boolean perChannel, int bits, boolean symmetric) {
    return new QuantizationConfig(
        activations(bits, symmetric),
        WeightQuantConfig.builder().nBits(weightBits).perChannel(perChannel).build());
  }

  /** The recorded batches of a model, its inputs in the order of forward. */
  private static List<List<Tensor>> batches(String model) {
    String file = "torchscript/" + model.replaceAll("[.].*", "") + ".safetensors";
    String id = "torchscript/" + model;
    GoldenFolder folder = GoldenFolder.get();
    List<List<Tensor>> batches = new ArrayList<>();
    for (int batch = 0; folder.hasTensor(file, input(id, batch, 0)); batch++) {
      List<Tensor> inputs = new ArrayList<>();
      for (int i = 0; folder.hasTensor(file, input(id, batch, i)); i++) {
        inputs.add(folder.tensor(file, input(id, batch, i)));
      }
      batches.add(inputs);
    }
    return batches;
  }

  private static String input(String id, int batch, int index) {
    return id + "/batch" + batch + "/input" + index;
  }

  private static GraphModule convert(
      String file, QuantizationConfig config, UnaryOperator<QuantizationMap.Builder> more) {
    GraphModule model =
        (GraphModule) ImportedGolden.load(GoldenFolder.get().file("torchscript/" + file));
    model.eval();
    BatchNormFolding.fold(model);
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            more.apply(QuantizationMap.builder().defaultQConfig(config)).build());
    return (GraphModule) Conversion.convertToQuantized(model, map);
  }

  private static void calibrate(GraphModule converted, List<List<Tensor>> batches) {
    try (NoGradGuard noGrad = new NoGradGuard()) {
      Calibration.calibrateQuantizationRanges(
          converted,
          batches,
          batch -> converted.forwardAny(batch.toArray()),
          batches.size(),
          CalibrationProgress.NONE);
    }
  }

  private static Map<String, Tensor> named(GraphModule model, List<Tensor> inputs) {
    Map<String, Tensor> named = new LinkedHashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      named.put(model.inputs().get(i), inputs.get(i));
    }
    return named;
  }

  private static LoweringOptions options(
      GraphModule model, List<Tensor> example, String... symbols) {
    LoweringOptions.Builder options = LoweringOptions.builder();
    named(model, example)
        .forEach(
            (name, tensor) -> {
              String[] ofInput = new String[(int) tensor.dim()];
              for (int i = 0; i < ofInput.length; i++) {
                ofInput[i] = i < symbols.length ? symbols[i] : null;
              }
              options.input(name, tensor, ofInput);
            });
    return options.build();
  }

  @ParameterizedTest
  @CsvSource({
    "bert-encoder.trace.pt, 8, true, 8, false",
    "bert-encoder.script.pt, 8, false, 8, true",
    "bert-encoder.trace.pt, 4, true, 8, false",
    "bert-encoder.script.pt, 4, true, 6, false"
  })
  void encoder(String file, int weightBits, boolean perChannel, int bits, boolean symmetric) {
    List<List<Tensor>> batches = batches("bert-encoder.trace");
    GraphModule converted =
        convert(
            file, config(weightBits, perChannel, bits, symmetric), LoweringGoldenTest::encoderMap);
    calibrate(converted, batches);
    checkOutputs(converted, options(converted, batches.get(0), "batch"), batches, 16);
  }

  @Test
  void attentionInIntegersIfAllowed() {
    List<List<Tensor>> batches = batches("bert-encoder.trace");
    GraphModule converted =
        convert("bert-encoder.trace.pt", config(8, true, 8, false), LoweringGoldenTest::encoderMap);
    calibrate(converted, batches);
    LoweringOptions.Builder options = LoweringOptions.builder();
    named(converted, batches.get(0)).forEach((name, t) -> options.input(name, t, "batch", null));
    LoweredModel lowered = Lowering.toProgram(converted, options.integerAttention().build());
    assertEquals(16, lowered.report().rows(Arithmetic.INTEGER).size(), lowered.report()::toString);
    assertFalse(lowered.program().toString().contains("transpose"), lowered.program()::toString);
    for (List<Tensor> batch : batches) {
      var difference =
          LoweredComparison.compare(converted, lowered.program(), named(converted, batch));
      // Probabilities of about 1 / 20 on a grid of 1 / 255.
      assertTrue(difference.greatest() <= 0.05 * difference.magnitude(), difference::toString);
    }
  }

  @Test
  void textsOfAnyLength() {
    List<List<Tensor>> batches = batches("bert-encoder.script");
    GraphModule converted =
        convert("bert-encoder.script.pt", config(8, true, 8, true), LoweringGoldenTest::encoderMap);
    calibrate(converted, batches);
    LoweringOptions.Builder options = LoweringOptions.builder();
    named(converted, batches.get(0))
        .forEach((name, tensor) -> options.input(name, tensor, "batch", "tokens"));
    LoweredModel lowered = Lowering.toProgram(converted, options.build());
    double step = lastStep(converted);
    for (long tokens : new long[] {1, 3, 5}) {
      List<Tensor> shorter =
          batches.get(0).stream().map(tensor -> tensor.narrow(1, 0, tokens).contiguous()).toList();
      var difference =
          LoweredComparison.compare(converted, lowered.program(), named(converted, shorter));
      assertTrue(difference.greatest() <= 1.001 * step, difference + ", step " + step);
    }
  }

  private static QuantizationMap.Builder encoderMap(QuantizationMap.Builder map) {
    for (int i = 0; i < 2; i++) {
      map.input("layers." + i + ".down", activations(8, false));
      map.input("layers." + i + ".attention.dense", activations(8, false));
    }
    return map.input("classifier", activations(8, false));
  }

  @ParameterizedTest
  @CsvSource({
    "lenet.script.pt, 8, true, 8, false",
    "lenet.trace.pt, 8, false, 8, true",
    "lenet.script.pt, 4, true, 6, false"
  })
  void convolutions(String file, int weightBits, boolean perChannel, int bits, boolean symmetric) {
    List<List<Tensor>> batches = batches("lenet.script");
    GraphModule converted =
        convert(
            file,
            config(weightBits, perChannel, bits, symmetric),
            map -> map.input("conv1", activations(8, false)).input("fc3", activations(8, false)));
    calibrate(converted, batches);
    checkOutputs(converted, options(converted, batches.get(0), "batch"), batches, 5);
  }

  @ParameterizedTest
  @CsvSource({"resnet18-narrow.trace, 8, true, 8, false", "resnet18-tiny.script, 8, true, 8, true"})
  void residuals(String model, int weightBits, boolean perChannel, int bits, boolean symmetric) {
    List<List<Tensor>> batches = batches(model);
    GraphModule converted =
        convert(
            model + ".pt",
            config(weightBits, perChannel, bits, symmetric),
            map -> {
              // What a sum makes is on no grid: every block needs a quantizer of its input.
              for (int layer = 1; layer <= 4; layer++) {
                for (int block = 0; block < 2; block++) {
                  map.input("layer" + layer + "." + block + ".conv1", activations(8, false));
                }
                if (layer > 1) {
                  map.input("layer" + layer + ".0.downsample.0", activations(8, false));
                }
              }
              return map.input("conv1", activations(8, false)).input("fc", activations(8, false));
            });
    calibrate(converted, batches);
    checkOutputs(converted, options(converted, batches.get(0), "batch"), batches, 21);
  }

  private static void checkOutputs(
      GraphModule converted,
      LoweringOptions options,
      List<List<Tensor>> batches,
      int integerLayers) {
    LoweringReport report = Lowering.explain(converted, options);
    assertEquals(integerLayers, report.rows(Arithmetic.INTEGER).size(), report::toString);
    LoweredModel lowered = Lowering.toProgram(converted, options);
    double step = lastStep(converted);
    for (List<Tensor> batch : batches) {
      var difference =
          LoweredComparison.compare(converted, lowered.program(), named(converted, batch));
      assertTrue(difference.greatest() <= 1.001 * step, difference + ", step " + step);
    }
  }

  /** The step of the last layer's output. */
  private static double lastStep(GraphModule converted) {
    QuantizedModule last = null;
    for (ModuleNode node : ModuleTree.of(converted).nodes()) {
      if (node.module() instanceof QuantLinear layer) {
        last = layer;
      }
    }
    try (Tensor scale = last.activationQuantizer().orElseThrow().quantizer().scale()) {
      return scale.item_double();
    }
  }
}
