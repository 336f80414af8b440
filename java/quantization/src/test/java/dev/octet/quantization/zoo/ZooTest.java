// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.transform.BatchNormFolding;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import dev.octet.runtime.artifact.Artifact;
import dev.octet.runtime.program.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Architectures as people lower them: built, folded, converted, calibrated, lowered, written, read
 * and run with several sizes. Programs give what the simulated models give.
 */
class ZooTest {
  private static final int BATCHES = 2;

  /** How a user might convert a model; all but the first give every layer an input quantizer. */
  private enum Style {
    /** The default conversions: layers quantize what they make. */
    OUTPUTS(8, true, true, 8, false, false),
    /** Layers quantize what they take. */
    INPUTS(8, true, true, 0, false, true),
    /** Few bits, one scale for a tensor, zero points of 0. */
    LOW(4, false, true, 6, true, true),
    /** Numbers of bits that no type has, zero points everywhere. */
    ODD(5, true, false, 7, false, true),
    /** Activations that no type of eight bits holds. */
    WIDE(8, false, false, 12, false, true);

    private final QuantizationConfig config;
    private final boolean inputs;

    Style(
        int bits,
        boolean perChannel,
        boolean symmetric,
        int activationBits,
        boolean activationSymmetric,
        boolean inputs) {
      config =
          new QuantizationConfig(
              activationBits == 0
                  ? ActivationQuantConfig.none()
                  : ActivationQuantConfig.builder()
                      .nBits(activationBits)
                      .symmetric(activationSymmetric)
                      .build(),
              WeightQuantConfig.builder()
                  .nBits(bits)
                  .perChannel(perChannel)
                  .symmetric(symmetric)
                  .build());
      this.inputs = inputs;
    }

    QuantizationMap map(List<String> layers) {
      QuantizationMap.Builder map = QuantizationMap.builder().defaultQConfig(config);
      if (inputs) {
        var input = ActivationQuantConfig.builder().nBits(8).symmetric(this == LOW).build();
        layers.forEach(layer -> map.input(layer, input));
      }
      return Conversion.appendDefaultConversions(map.build());
    }
  }

  @TempDir Path folder;

  /**
   * Every model in floats and with quantized inputs, and every other one in another of the styles,
   * all of which come in turn: the models between are of the same layers. Those of masks, places
   * and mixed layers come in floats and one style each.
   */
  @TestFactory
  Stream<DynamicTest> models() {
    List<ZooModel> models = new ArrayList<>(ConvNets.all());
    models.addAll(ImageToImageNets.all());
    models.addAll(TransformerNets.all());
    models.addAll(SequenceAndTableNets.all());
    List<DynamicTest> tests = new ArrayList<>();
    Style[] others = {Style.OUTPUTS, Style.LOW, Style.ODD, Style.WIDE};
    for (int i = 0; i < models.size(); i++) {
      add(tests, models.get(i), Style.INPUTS);
      if (i % 2 == 0) {
        addStyle(tests, models.get(i), others[i / 2 % others.length]);
      }
    }
    List<ZooModel> further = new ArrayList<>(MaskedTextNets.all());
    further.addAll(MixedNets.all());
    for (int i = 0; i < further.size(); i++) {
      add(tests, further.get(i), Style.values()[i % Style.values().length]);
    }
    return tests.stream();
  }

  private void add(List<DynamicTest> tests, ZooModel model, Style style) {
    if (isWanted(model)) {
      tests.add(DynamicTest.dynamicTest(model.name(), () -> checkFloats(model)));
    }
    addStyle(tests, model, style);
  }

  private void addStyle(List<DynamicTest> tests, ZooModel model, Style style) {
    if (isWanted(model)) {
      String name = model.name() + ", " + style.name().toLowerCase(Locale.ROOT);
      tests.add(DynamicTest.dynamicTest(name, () -> check(model, style)));
    }
  }

  private static boolean isWanted(ZooModel model) {
    String only = System.getProperty("octet.zoo", "");
    return only.isEmpty() || List.of(only.split(",")).contains(model.name());
  }

  private void checkFloats(ZooModel zoo) throws IOException {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(5);
      GraphModule model = zoo.build();
      LoweredModel lowered = Lowering.toProgram(model, zoo.options(zoo.inputs(zoo.exampleSizes())));
      compare(zoo, model, lowered, 2e-5, 0);
    }
  }

  private void check(ZooModel zoo, Style style) throws IOException {
    try (PointerScope scope = new PointerScope();
        NoGradGuard guard = new NoGradGuard()) {
      torch.manual_seed(5);
      GraphModule model = (GraphModule) BatchNormFolding.foldCopy(zoo.build()).model();
      List<String> layers = layers(model);
      GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, style.map(layers));
      List<Object[]> batches = new ArrayList<>();
      for (int i = 0; i < BATCHES; i++) {
        batches.add(zoo.inputs(zoo.exampleSizes()).values().toArray());
      }
      Calibration.calibrateQuantizationRanges(
          converted,
          batches,
          arguments -> ModuleCall.forward(converted, arguments),
          BATCHES,
          CalibrationProgress.NONE);
      LoweredModel lowered =
          Lowering.toProgram(converted, zoo.options(zoo.inputs(zoo.exampleSizes())));
      // What lies on a rounding edge in one layer may come out a step apart, and move what follows.
      compare(zoo, converted, lowered, 0.05, 0.2);
      if (style.inputs) {
        assertEquals(List.of(), floats(lowered.report(), layers), lowered.report()::toString);
      }
    }
  }

  private static List<String> layers(GraphModule model) {
    List<String> layers = new ArrayList<>();
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      String type = ModuleTypes.typeName(node.module());
      if (type.equals("Linear") || type.equals("Conv2d")) {
        layers.add(node.path());
      }
    }
    return layers;
  }

  /** Returns the layers that multiply floats. */
  private static List<String> floats(LoweringReport report, List<String> layers) {
    return report.rows().stream()
        .filter(row -> layers.contains(row.path()) && row.kernel().endsWith("_float"))
        .map(LoweringReport.Row::path)
        .toList();
  }

  private void compare(
      ZooModel zoo, GraphModule model, LoweredModel lowered, double most, double differing)
      throws IOException {
    Path file = folder.resolve("model.octet");
    Artifact.write(lowered.program(), file);
    Program program = Artifact.read(file);
    for (Map<String, Long> sizes : zoo.runs()) {
      Map<String, Tensor> inputs = zoo.inputs(sizes);
      for (var difference : LoweredComparison.compareAll(model, program, inputs)) {
        String what = sizes + " " + difference;
        assertTrue(difference.greatest() <= most * difference.magnitude(), what);
        assertTrue(difference.differing() <= differing * difference.count() + 2, what);
      }
    }
  }
}
