// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.UserModelConversionTest.Subject;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.StateDict;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is closed is gone, and what is used leaves nothing behind, garbage collector or not. */
class ModelCloseTest {
  private static final int ROUNDS = 100;
  private static final QuantizationMap MAP =
      Conversion.appendDefaultConversions(QuantizationMap.builder().build());

  static Stream<Subject> subjects() {
    return UserModelConversionTest.subjects();
  }

  private static void assertLeavesNothing(String what, Runnable round) {
    round.run();
    round.run();
    long before = Pointer.totalCount();
    for (int i = 0; i < ROUNDS; i++) {
      round.run();
    }
    assertTrue(
        Pointer.totalCount() <= before,
        what + " left " + (Pointer.totalCount() - before) + " native objects");
  }

  private static Module converted(Subject subject, Tensor x) {
    Module model = Conversion.convertToQuantized(subject.factory().get(), MAP, subject.factory());
    Calibration.calibrateQuantizationRanges(model, List.of(x));
    return model;
  }

  private static Tensor inputOf(Module layer) {
    if (layer instanceof Conv2dImpl conv) {
      return torch.randn(1, conv.options().in_channels().get(), 4, 4);
    }
    if (layer instanceof LinearImpl linear) {
      return torch.randn(2, linear.options().in_features().get());
    }
    return layer instanceof EmbeddingImpl
        ? torch.zeros(new long[] {2}, new TensorOptions(ScalarType.Long))
        : torch.randn(2, 8);
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void everyQuantizedLayerClosesItsTemporaries(Subject subject) {
    Module model = converted(subject, subject.input().get());
    for (QuantizedModule module : QuantizationStates.quantizedModules(model)) {
      Module layer = (Module) module;
      Tensor x = inputOf(layer);
      for (boolean training : new boolean[] {false, true}) {
        layer.train(training);
        assertLeavesNothing(
            layer.getClass().getSimpleName() + " training=" + training,
            () -> ModuleCall.forward(layer, x).close());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void lookingAtAModelLeavesNothing(Subject subject) {
    Module model = converted(subject, subject.input().get());
    assertLeavesNothing("the plan", () -> ConversionPlan.of(model, MAP));
    assertLeavesNothing("the states", () -> QuantizationStates.estimateRanges(model));
    assertLeavesNothing(
        "the state dict",
        () -> {
          var state = StateDict.of(model);
          StateDict.load(model, state);
          state.values().forEach(Tensor::close);
        });
  }

  @ParameterizedTest
  @MethodSource("subjects")
  void closedModelsLeaveTheirScopeEmpty(Subject subject) {
    List<Module> modules = new ArrayList<>();
    try (PointerScope scope = new PointerScope()) {
      Tensor x = subject.input().get();
      Module model = subject.factory().get();
      Module converted = Conversion.convertToQuantized(model, MAP, subject.factory());
      Calibration.calibrateQuantizationRanges(converted, List.of(x));
      ModuleTree.of(converted).nodes().forEach(node -> modules.add(node.module()));
      ModuleTree.close(converted);
      ModuleTree.close(model);
    }
    assertTrue(modules.stream().allMatch(module -> module.isNull()), "all modules are closed");
  }

  /** A dropout module belongs to its Java object alone until somebody takes care of it. */
  @Test
  void modulesWithoutAReferenceCountAreFreedOnce() {
    for (int i = 0; i < 20; i++) {
      try (PointerScope scope = new PointerScope()) {
        UserModels.Vision model = new UserModels.Vision();
        ModuleTree.of(model).nodes();
      }
    }
    UserModels.Vision model = new UserModels.Vision();
    ModuleTree tree = ModuleTree.of(model);
    DropoutImpl drop = (DropoutImpl) tree.get("head.0.drop");
    drop.close();
    model.eval();
    assertFalse(model.is_training());
    assertEquals(5, model.forward(torch.randn(1, 3, 8, 8)).size(1));
  }
}
