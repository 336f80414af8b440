// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantBatchNorm2d;
import dev.octet.quantization.module.QuantConv2d;
import dev.octet.quantization.module.QuantEmbedding;
import dev.octet.quantization.module.QuantLayerNorm;
import dev.octet.quantization.module.QuantLinear;
import dev.octet.quantization.module.QuantizedInputModule;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.ReLUImpl;
import org.bytedeco.pytorch.SequentialImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class UserModelConversionTest {
  private static final QuantizationMap DEFAULTS =
      Conversion.appendDefaultConversions(QuantizationMap.builder().build());

  record Subject(String name, Supplier<Module> factory, Supplier<Tensor> input) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Subject> subjects() {
    return Stream.of(
        new Subject("Mnist", UserModels.Mnist::new, () -> torch.randn(4, 8, 8)),
        new Subject("Vision", UserModels.Vision::new, () -> torch.randn(4, 3, 8, 8)),
        new Subject("Transformer", UserModels.Transformer::new, UserModelConversionTest::indices),
        new Subject("Containers", UserModels.Containers::new, () -> torch.randn(4, 8)),
        new Subject("Shared", UserModels.Shared::new, () -> torch.randn(4, 8)));
  }

  private static Tensor indices() {
    return torch.randint(20, new long[] {4, 6}, new TensorOptions(ScalarType.Long));
  }

  @BeforeEach
  void seed() {
    torch.manual_seed(7);
  }

  private static Map<String, Tensor> stateOf(Module model) {
    Map<String, Tensor> copy = new LinkedHashMap<>();
    StateDict.of(model).forEach((name, tensor) -> copy.put(name, tensor.detach().clone()));
    return copy;
  }

  private static Tensor run(Module model, Tensor x) {
    return ModuleCall.forward(model, x);
  }

  private static double relativeError(Tensor actual, Tensor expected) {
    return actual.sub(expected).norm().item_float() / expected.norm().item_float();
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void convertsEveryLayerAndLeavesTheModelAlone(Subject subject) {
    Module model = subject.factory().get();
    model.eval();
    Tensor x = subject.input().get();
    final Tensor before = run(model, x);
    final Map<String, Tensor> stateBefore = stateOf(model);

    Module converted = Conversion.convertToQuantized(model, DEFAULTS, subject.factory());
    assertSame(model.getClass(), converted.getClass());
    assertNotSame(model, converted);
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    Tensor after = run(converted, x);

    assertTrue(torch.equal(before, run(model, x)), "the original's output changed");
    Map<String, Tensor> stateAfter = stateOf(model);
    assertEquals(List.copyOf(stateBefore.keySet()), List.copyOf(stateAfter.keySet()));
    stateBefore.forEach(
        (name, tensor) -> assertTrue(torch.equal(tensor, stateAfter.get(name)), name));
    double error = relativeError(after, before);
    assertTrue(error > 0, "nothing was quantized");
    assertTrue(error < 0.1, "relative error " + error);

    List<String> kept = new ArrayList<>();
    for (String name : stateOf(converted).keySet()) {
      if (!name.contains("_quantizer.")) {
        kept.add(name);
      }
    }
    assertEquals(List.copyOf(stateBefore.keySet()), kept);
    for (ModuleNode node : ModuleTree.of(converted).nodes()) {
      Class<?> type = node.module().getClass();
      assertFalse(
          type == LinearImpl.class
              || type == Conv2dImpl.class
              || type == LayerNormImpl.class
              || type == EmbeddingImpl.class,
          node.path() + " was skipped");
    }
  }

  /** A layer that is converted in the registry but not where the forward finds it gets no data. */
  @ParameterizedTest
  @MethodSource("subjects")
  void everyConvertedLayerIsTheOneThatRuns(Subject subject) {
    Module model = subject.factory().get();
    Module converted = Conversion.convertToQuantized(model, DEFAULTS, subject.factory());
    converted.train(true);
    run(converted, subject.input().get());
    List<QuantizedModule> modules = QuantizationStates.quantizedModules(converted);
    assertFalse(modules.isEmpty());
    for (QuantizedModule module : modules) {
      assertTrue(module.weightQuantizer().orElseThrow().isInitialized(), module + ": weight");
      assertTrue(
          module.activationQuantizer().map(QuantizationManager::isInitialized).orElse(true),
          module + ": output");
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void quantizeModelConvertsInPlace(Subject subject) {
    Module model = subject.factory().get();
    model.eval();
    Tensor x = subject.input().get();
    Tensor before = run(model, x);
    assertSame(model, Conversion.quantizeModel(model, DEFAULTS));
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    double error = relativeError(run(model, x), before);
    assertTrue(error > 0 && error < 0.1, "relative error " + error);
    QuantizationStates.fullPrecision(model);
    assertTrue(torch.equal(before, run(model, x)), "full precision computes as before");
  }

  private static Module at(Module model, String path) {
    return ModuleTree.of(model).get(path);
  }

  @Test
  void namesInTheStateDictAreThoseOfTheReference() {
    QuantizationMap map =
        QuantizationMap.builder()
            .module(LinearImpl.class, QuantizedModules.LINEAR, QuantizationConfig.ofBits(8, 8))
            .module(
                BatchNorm2dImpl.class,
                QuantizedModules.BATCH_NORM2D,
                QuantizationConfig.ofBits(8, 8))
            .input("stem", ActivationQuantConfig.ofBits(8))
            .build();
    Module converted =
        Conversion.convertToQuantized(new UserModels.Vision(), map, UserModels.Vision::new);
    converted.train(true);
    run(converted, torch.randn(2, 3, 8, 8));
    List<String> names = List.copyOf(StateDict.of(converted).keySet());
    String quantizer = "activation_quantizer.quantizer.";
    String estimator = "activation_quantizer.range_estimator.";
    assertTrue(
        names.containsAll(
            List.of(
                "stem.module.weight",
                "stem.input_quantizer." + quantizer + "_delta",
                "stem.input_quantizer." + quantizer + "_signed",
                "stem.input_quantizer." + estimator + "current_xmin",
                "bn.module.running_mean",
                "bn.act_bn_quantizer." + quantizer + "_delta",
                "stage2.shortcut.1.act_bn_quantizer." + estimator + "current_xmax",
                "head.0.fc.weight",
                "head.0.fc." + quantizer + "_delta",
                "head.0.fc.weight_quantizer.quantizer._delta",
                "head.0.fc.weight_quantizer.range_estimator.current_xmax",
                "head.1.bias")),
        names.toString());
  }

  @Test
  void wrappersStandInFieldsOfPresetTypes() {
    QuantizationConfig config = QuantizationConfig.ofBits(8, 8);
    QuantizationMap map =
        QuantizationMap.builder()
            .module(BatchNorm2dImpl.class, QuantizedModules.BATCH_NORM2D, config)
            .instance("head.0.act", QuantizedModules.BATCH_NORM2D, config)
            .input("stem", ActivationQuantConfig.ofBits(8))
            .input("head.1", ActivationQuantConfig.ofBits(8))
            .build();
    UserModels.Vision model = new UserModels.Vision();
    model.eval();
    Tensor x = torch.randn(2, 3, 8, 8);
    final Tensor expected = run(model, x);
    UserModels.Vision converted = Conversion.convertToQuantized(model, map, UserModels.Vision::new);
    assertInstanceOf(QuantizedInputModule.class, at(converted, "stem"));
    assertInstanceOf(QuantBatchNorm2d.class, at(converted, "bn"));
    assertInstanceOf(QuantBatchNorm2d.class, at(converted, "stage2.shortcut.1"));
    assertInstanceOf(QuantBatchNorm2d.class, at(converted, "head.0.act"));
    // The field of a preset's type still answers for the layer inside.
    assertEquals(4, converted.bn.running_mean().numel());
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    double error = relativeError(run(converted, x), expected);
    assertTrue(error > 0 && error < 0.1, "relative error " + error);
    for (QuantizedModule module : QuantizationStates.quantizedModules(converted)) {
      assertTrue(module.activationQuantizer().orElseThrow().isInitialized());
    }
  }

  @Test
  void exclusionBeatsInstanceBeatsType() {
    QuantizationConfig byType = QuantizationConfig.ofBits(8, 8);
    QuantizationConfig byInstance = QuantizationConfig.ofBits(4, 6);
    QuantizationMap map =
        QuantizationMap.builder()
            .module(LinearImpl.class, QuantizedModules.LINEAR, byType)
            .instance("fc2", QuantizedModules.LINEAR, byInstance)
            .instance("fc3", QuantizedModules.LINEAR, byInstance)
            .input("fc3", ActivationQuantConfig.ofBits(8))
            .exclude("fc3")
            .build();
    Module converted =
        Conversion.convertToQuantized(new UserModels.Mnist(), map, UserModels.Mnist::new);
    assertEquals(byType, ((QuantizedModule) at(converted, "fc1")).quantizationConfig());
    assertEquals(byInstance, ((QuantizedModule) at(converted, "fc2")).quantizationConfig());
    assertSame(LinearImpl.class, at(converted, "fc3").getClass());
  }

  @Test
  void nothingBelowAnExcludedModuleChanges() {
    QuantizationMap map =
        DEFAULTS.toBuilder()
            .exclude("layers.1", "tokens")
            .instance(
                "layers.1.attention.out", QuantizedModules.LINEAR, QuantizationConfig.ofBits(8, 8))
            .build();
    Module converted =
        Conversion.convertToQuantized(
            new UserModels.Transformer(), map, UserModels.Transformer::new);
    for (ModuleNode node : ModuleTree.of(converted).nodes()) {
      if (node.path().startsWith("layers.1") || node.path().startsWith("tokens")) {
        assertFalse(node.module() instanceof QuantizedModule, node.path());
      }
    }
    assertInstanceOf(QuantLinear.class, at(converted, "layers.0.attention.out"));
    assertInstanceOf(QuantLayerNorm.class, at(converted, "layers.0.norm1"));
    assertInstanceOf(QuantEmbedding.class, at(converted, "positions"));
  }

  @Test
  void anEntryWithoutBitsKeepsTheModule() {
    QuantizationMap map =
        DEFAULTS.toBuilder()
            .instance("fc1", QuantizedModules.LINEAR, QuantizationConfig.ofBits(0, 0))
            .instance("fc2", QuantizedModules.LINEAR, QuantizationConfig.ofBits(0, 8))
            .instance("fc3", QuantizedModules.LINEAR, QuantizationConfig.ofBits(8, -1))
            .build();
    Module converted =
        Conversion.convertToQuantized(new UserModels.Mnist(), map, UserModels.Mnist::new);
    assertSame(LinearImpl.class, at(converted, "fc1").getClass());
    QuantLinear outputOnly = (QuantLinear) at(converted, "fc2");
    assertFalse(outputOnly.quantizesWeights());
    assertTrue(outputOnly.quantizesActivations());
    QuantLinear weightOnly = (QuantLinear) at(converted, "fc3");
    assertTrue(weightOnly.quantizesWeights());
    assertFalse(weightOnly.quantizesActivations());
  }

  @Test
  void sharedModulesAreConvertedOnceAndStayShared() {
    Module converted =
        Conversion.convertToQuantized(new UserModels.Shared(), DEFAULTS, UserModels.Shared::new);
    assertInstanceOf(QuantLinear.class, at(converted, "left.common"));
    assertSame(at(converted, "left.common"), at(converted, "right.common"));
    assertSame(at(converted, "enter"), at(converted, "leave"));
    assertEquals(4, QuantizationStates.quantizedModules(converted).size());
  }

  /** A quantized linear layer as a user would write one. */
  static final class SignLinear extends LinearImpl {
    SignLinear(LinearImpl original) {
      super(original.options());
      weight().set_data(original.weight().sign().mul(original.weight().abs().mean()).detach());
      bias().set_data(original.bias());
    }
  }

  private static final class SignLinearType implements QuantizedModuleType {
    @Override
    public String name() {
      return "SignLinear";
    }

    @Override
    public Module quantize(Module original, QuantizationConfig config, String path) {
      return new SignLinear((LinearImpl) original);
    }
  }

  @Test
  void usersBringTypesOfTheirOwn() throws QuantizationMapException {
    QuantizationMap map =
        QuantizationMap.builder()
            .instance("fc2", new SignLinearType(), QuantizationConfig.ofBits(1, 0))
            .build();
    UserModels.Mnist model = new UserModels.Mnist();
    Tensor x = torch.randn(2, 64);
    final Tensor before = run(model, x);
    UserModels.Mnist converted = Conversion.convertToQuantized(model, map, UserModels.Mnist::new);
    assertInstanceOf(SignLinear.class, converted.fc2);
    assertFalse(torch.equal(before, run(converted, x)));
    assertTrue(torch.equal(before, run(model, x)));
    SignLinearType type = new SignLinearType();
    QuantizationMapJson json = new QuantizationMapJson(List.of(type));
    QuantizationMap read = json.read(json.write(map), "map");
    assertEquals("SignLinear", read.instanceQConfigMap().get("fc2").quantizedModule().name());
  }

  private static GraphModule graph() {
    Map<String, Module> layers = new LinkedHashMap<>();
    layers.put("conv", UserModels.conv(3, 4, 3, 1));
    layers.put("act", new ReLUImpl());
    return GraphModule.sequential(layers);
  }

  @Test
  void graphsNeedNoFactory() {
    GraphModule model = graph();
    model.eval();
    Tensor x = torch.randn(2, 3, 6, 6);
    final Tensor before = model.forward(x);
    GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, DEFAULTS);
    assertInstanceOf(QuantConv2d.class, converted.child("conv"));
    assertSame(Conv2dImpl.class, model.child("conv").getClass());
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    double error = relativeError(converted.forward(x), before);
    assertTrue(error > 0 && error < 0.05, "relative error " + error);
    assertTrue(torch.equal(before, model.forward(x)));
  }

  @Test
  void nativeSequentialsNeedNoFactory() {
    SequentialImpl model = new SequentialImpl();
    model.push_back("fc", new LinearImpl(6, 6));
    model.push_back("act", new ReLUImpl());
    model.push_back(new LinearImpl(6, 3));
    model.eval();
    Tensor x = torch.randn(5, 6);
    final Tensor before = model.forward(x);
    SequentialImpl converted = (SequentialImpl) Conversion.convertToQuantized(model, DEFAULTS);
    assertInstanceOf(QuantLinear.class, at(converted, "2"));
    Calibration.calibrateQuantizationRanges(converted, List.of(x));
    double error = relativeError(converted.forward(x), before);
    assertTrue(error > 0 && error < 0.05, "relative error " + error);
    assertTrue(torch.equal(before, model.forward(x)));
    assertEquals(
        List.of("fc.weight", "fc.bias", "2.weight", "2.bias"),
        List.copyOf(StateDict.of(model).keySet()));
  }

  @Test
  void aSingleLayerIsAModelToo() {
    LinearImpl model = new LinearImpl(4, 4);
    Module converted = Conversion.convertToQuantized(model, DEFAULTS);
    assertInstanceOf(QuantLinear.class, converted);
    assertTrue(converted.is_training(), "new modules are in train mode");
  }

  @Test
  void perChannelWeightsHaveOneStepAChannel() {
    QuantizationConfig config =
        new QuantizationConfig(
            ActivationQuantConfig.builder().symmetric(false).build(),
            WeightQuantConfig.builder().perChannel(true).build());
    QuantizationMap map =
        Conversion.appendDefaultConversions(
            QuantizationMap.builder().defaultQConfig(config).build());
    Module converted =
        Conversion.convertToQuantized(new UserModels.Vision(), map, UserModels.Vision::new);
    converted.train(true);
    run(converted, torch.randn(2, 3, 8, 8));
    QuantizedModule stem = (QuantizedModule) at(converted, "stem");
    assertEquals(4, stem.weightQuantizer().orElseThrow().quantizer().delta().numel());
    assertEquals(1, stem.activationQuantizer().orElseThrow().quantizer().delta().numel());
  }
}
