// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.manager.RangeState;
import dev.octet.quantization.module.QuantizedModule;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class QuantizationStatesTest {
  private static final Tensor X = torch.randn(16, 8);

  private static GraphModule calibrated() {
    GraphModule model = StateModels.converted(6, true, false);
    Calibration.calibrateQuantizationRanges(model, List.of(X));
    return model;
  }

  private static Arguments states(
      String name, Consumer<Module> function, RangeState weights, RangeState acts) {
    return Arguments.of(name, function, weights, acts);
  }

  static Stream<Arguments> rangeFunctions() {
    RangeState fixed = RangeState.FIX_RANGES;
    RangeState estimate = RangeState.ESTIMATE_RANGES;
    RangeState train = RangeState.ESTIMATE_RANGES_TRAIN;
    RangeState learn = RangeState.LEARN_RANGES;
    return Stream.of(
        states("estimateRanges", QuantizationStates::estimateRanges, estimate, estimate),
        states("estimateRangesTrain", QuantizationStates::estimateRangesTrain, train, train),
        states("estimateActRanges", QuantizationStates::estimateActRanges, fixed, estimate),
        states("fixRanges", QuantizationStates::fixRanges, fixed, fixed),
        states("learnRanges", QuantizationStates::learnRanges, learn, learn),
        states("resetActRanges", QuantizationStates::resetActRanges, fixed, train),
        states("resetRanges", QuantizationStates::resetRanges, train, train),
        states(
            "fixActRanges",
            model -> {
              QuantizationStates.estimateRanges(model);
              QuantizationStates.fixActRanges(model);
            },
            estimate,
            fixed),
        states(
            "fixWeightRanges",
            model -> {
              QuantizationStates.estimateRanges(model);
              QuantizationStates.fixWeightRanges(model);
            },
            fixed,
            estimate));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rangeFunctions")
  void rangesOfAllModulesChangeTheirState(
      String name, Consumer<Module> function, RangeState weights, RangeState acts) {
    GraphModule model = calibrated();
    function.accept(model);
    for (QuantizedModule module : QuantizationStates.quantizedModules(model)) {
      assertEquals(weights, module.weightQuantizer().orElseThrow().state(), name);
      assertEquals(acts, module.activationQuantizer().orElseThrow().state(), name);
      assertEquals(
          !name.equals("resetRanges"),
          module.weightQuantizer().orElseThrow().isInitialized(),
          name);
      assertEquals(
          !name.startsWith("reset"),
          module.activationQuantizer().orElseThrow().isInitialized(),
          name);
    }
  }

  @Test
  void functionsLeaveQuantizersWithoutRangesAlone() {
    GraphModule model = StateModels.converted(6, true, false);
    QuantizationStates.fixRanges(model);
    QuantizationStates.learnRanges(model);
    assertTrue(
        StateModels.managers(model).stream()
            .allMatch(m -> m.state() == RangeState.ESTIMATE_RANGES_TRAIN));
  }

  private static Arguments switches(
      String name, Consumer<Module> function, boolean weights, boolean acts) {
    return Arguments.of(name, function, weights, acts);
  }

  static Stream<Arguments> switchFunctions() {
    return Stream.of(
        switches("quantized", QuantizationStates::quantized, true, true),
        switches("fullPrecision", QuantizationStates::fullPrecision, false, false),
        switches("fullPrecisionWeights", QuantizationStates::fullPrecisionWeights, false, true),
        switches("fullPrecisionActs", QuantizationStates::fullPrecisionActs, true, false),
        switches("set", m -> QuantizationStates.setQuantState(m, false, true), false, true),
        switches(
            "quantizedWeights",
            model -> {
              QuantizationStates.fullPrecision(model);
              QuantizationStates.quantizedWeights(model);
            },
            true,
            false),
        switches(
            "quantizedActs",
            model -> {
              QuantizationStates.fullPrecision(model);
              QuantizationStates.quantizedActs(model);
            },
            false,
            true),
        switches(
            "enableQuantStates",
            model -> {
              QuantizationStates.fullPrecision(model);
              QuantizationStates.enableQuantStates(model);
            },
            true,
            true));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("switchFunctions")
  void switchesTurnQuantizationOnAndOff(
      String name, Consumer<Module> function, boolean weights, boolean acts) {
    GraphModule model = calibrated();
    Tensor exact = expected(model, false, false);
    function.accept(model);
    for (QuantizedModule module : QuantizationStates.quantizedModules(model)) {
      assertEquals(weights, module.quantizesWeights(), name);
      assertEquals(acts, module.quantizesActivations(), name);
    }
    assertEquals(!weights && !acts, torch.equal(exact, model.forward(X)), name);
    assertTrue(torch.equal(expected(model, weights, acts), model.forward(X)), name);
  }

  /** The output computed by hand from the layers' parameters and quantizers. */
  private static Tensor expected(GraphModule model, boolean weights, boolean acts) {
    Tensor x = X;
    for (String name : List.of("fc1", "fc2")) {
      LinearImpl layer = (LinearImpl) model.child(name);
      QuantizedModule module = (QuantizedModule) layer;
      Tensor weight = layer.weight().detach();
      if (weights) {
        weight = module.weightQuantizer().orElseThrow().forward(weight);
      }
      x = torch.linear(x, weight, new TensorOptional(layer.bias().detach()));
      if (acts) {
        x = module.activationQuantizer().orElseThrow().forward(x);
      }
      if (name.equals("fc1")) {
        x = x.relu();
      }
    }
    return x;
  }

  @Test
  void theKeptWeightFollowsSwitchesAndModes() {
    GraphModule model = calibrated();
    QuantizedModule layer = (QuantizedModule) model.child("fc1");
    model.forward(X).close();
    assertTrue(layer.quantization().isCached());
    layer.fullPrecisionWeights();
    assertFalse(layer.quantization().isCached());
    model.forward(X).close();
    assertTrue(layer.quantization().isCached());
    model.train(true);
    assertFalse(layer.quantization().isCached());
    model.eval();
    layer.setCaching(false);
    model.forward(X).close();
    assertFalse(layer.quantization().isCached());
  }

  @Test
  void modelsWithoutQuantizedModulesStayAsTheyAre() {
    GraphModule model = StateModels.network();
    Tensor before = model.forward(X);
    QuantizationStates.quantized(model);
    QuantizationStates.resetRanges(model);
    assertTrue(torch.equal(before, model.forward(X)));
    assertEquals(List.of(), QuantizationStates.quantizedModules(model));
  }
}
