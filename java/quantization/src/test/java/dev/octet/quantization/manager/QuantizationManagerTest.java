// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.manager;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeOptMethod;
import dev.octet.quantization.estimator.RunningMinMaxParameters;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.QuantizerOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.StringTensorDict;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class QuantizationManagerTest {
  private static final MseParameters SEARCH = new MseParameters(RangeOptMethod.GRID, 20, 0.5);

  @Test
  void trainModeOfTheModelReachesManagerAndParts() {
    try (PointerScope scope = new PointerScope()) {
      Module model = new Module("model");
      QuantizationManager manager = asymmetric(new RunningMinMaxParameters());
      model.register_module("weight_quantizer", manager);
      model.eval();
      assertFalse(manager.is_training());
      assertFalse(manager.quantizer().module().is_training());
      assertThrows(IllegalStateException.class, () -> manager.forward(torch.randn(4)));
      model.train(true);
      manager.forward(torch.randn(4));
      assertTrue(manager.isInitialized());
    }
  }

  @Test
  void namesAreThoseOfAStateDictInRegistryOrder() {
    try (PointerScope scope = new PointerScope()) {
      Module model = new Module("model");
      QuantizationManager manager = symmetric(SEARCH);
      model.register_module("act", manager);
      manager.forward(torch.randn(4, 4));
      List<String> names =
          List.of(
              "act.quantizer._delta",
              "act.quantizer._signed",
              "act.range_estimator.current_xmin",
              "act.range_estimator.current_xmax",
              "act.range_estimator.quantizer._delta",
              "act.range_estimator.quantizer._signed");
      assertEquals(names, names(model.named_buffers()));
      assertEquals(List.of(), names(model.named_parameters()));
      manager.learnRanges();
      assertEquals(List.of("act.quantizer._delta"), names(model.named_parameters()));
      assertEquals(
          List.copyOf(manager.rangeState().keySet()),
          names.stream().map(name -> name.substring("act.".length())).toList());
    }
  }

  private static List<String> names(StringTensorDict dict) {
    List<String> names = new ArrayList<>();
    for (long i = 0; i < dict.size(); i++) {
      names.add(dict.get(i).key().getString());
    }
    return names;
  }

  @Test
  void optimizerLearnsTheRange() {
    try (PointerScope scope = new PointerScope()) {
      Module model = new Module("model");
      QuantizationManager manager = asymmetric(new CurrentMinMaxParameters());
      model.register_module("act", manager);
      Tensor x = torch.randn(64);
      manager.forward(x);
      manager.learnRanges();
      try (SGD optimizer = new SGD(model.parameters(), new SGDOptions(1e-3))) {
        float before = manager.quantizer().delta().item_float();
        manager.forward(x).sum().backward();
        optimizer.step();
        assertNotEquals(before, manager.quantizer().delta().item_float());
        manager.resetRanges();
        manager.estimateRangesTrain();
        manager.forward(x);
        float estimated = manager.quantizer().delta().item_float();
        optimizer.step();
        assertEquals(estimated, manager.quantizer().delta().item_float());
      }
    }
  }

  @Test
  void stateLoadsIntoAFreshManagerInOtherShapes() {
    try (PointerScope scope = new PointerScope();
        QuantizationManager from = perChannel();
        QuantizationManager to = perChannel()) {
      Tensor x = torch.randn(3, 8);
      Tensor expected = from.forward(x);
      to.loadRangeState(from.rangeState());
      to.eval();
      assertTrue(to.forward(x).equal(expected));
      assertThrows(
          IllegalArgumentException.class,
          () -> to.loadRangeState(Map.of("quantizer._other", from.quantizer().delta())));
    }
  }

  @Test
  void copyIsIndependent() {
    try (PointerScope scope = new PointerScope();
        QuantizationManager manager = symmetric(SEARCH)) {
      Tensor x = torch.randn(4, 4);
      manager.forward(x);
      manager.learnRanges();
      try (QuantizationManager copy = manager.copy()) {
        assertEquals(RangeState.LEARN_RANGES, copy.state());
        assertTrue(copy.quantizer().isRangeTrainable());
        assertTrue(copy.forward(x).equal(manager.forward(x)));
        copy.resetRanges();
        assertTrue(manager.isInitialized());
      }
    }
  }

  @Test
  void rangesOutliveTheScopeInWhichTheyWereEstimated() {
    try (QuantizationManager manager = asymmetric(new RunningMinMaxParameters())) {
      try (PointerScope batch = new PointerScope()) {
        manager.forward(torch.randn(8));
      }
      try (PointerScope batch = new PointerScope()) {
        manager.fixRanges();
        manager.forward(torch.randn(8));
      }
      assertTrue(manager.isInitialized());
    }
  }

  @Test
  void managerWithARangeQuantizesAndCannotEstimate() {
    try (PointerScope scope = new PointerScope();
        QuantizationManager manager =
            new QuantizationManager(
                QuantizationMethod.SYMMETRIC_UNIFORM, QuantizerOptions.ofBits(8), -1, 2)) {
      assertEquals(RangeState.FIX_RANGES, manager.state());
      manager.forward(torch.randn(3));
      assertThrows(IllegalStateException.class, manager::resetRanges);
      manager.estimateRanges();
      assertThrows(IllegalStateException.class, () -> manager.forward(torch.randn(3)));
    }
  }

  @Test
  void nativeMemoryStaysFlat() {
    for (int i = 0; i < 300; i++) {
      round(i);
    }
    System.gc();
    long before = Pointer.physicalBytes();
    long objects = Pointer.totalCount();
    for (int i = 0; i < 1000; i++) {
      round(i);
    }
    long left = Pointer.totalCount() - objects;
    assertTrue(left < 100, left + " native objects were left to the garbage collector");
    System.gc();
    long grown = Pointer.physicalBytes() - before;
    assertTrue(grown < 32L << 20, "memory grew by " + grown + " bytes in 1000 rounds");
  }

  /** One round makes several tensors of 256 KiB: a leak of any of them shows. */
  private static void round(int i) {
    RangeEstimatorParameters parameters =
        i % 3 == 0
            ? SEARCH
            : i % 3 == 1 ? new RunningMinMaxParameters() : new CurrentMinMaxParameters(1.0);
    try (QuantizationManager manager = i % 2 == 0 ? symmetric(parameters) : asymmetric(parameters);
        Tensor x = torch.randn(64, 1024)) {
      manager.forward(x).close();
      manager.fixRanges();
      manager.forward(x).close();
      manager.learnRanges();
      try (Tensor out = manager.forward(x);
          Tensor loss = out.sum()) {
        loss.backward();
      }
      manager.resetRanges();
    }
  }

  private static QuantizationManager symmetric(RangeEstimatorParameters parameters) {
    return new QuantizationManager(
        QuantizationMethod.SYMMETRIC_UNIFORM, QuantizerOptions.ofBits(4), parameters);
  }

  private static QuantizationManager asymmetric(RangeEstimatorParameters parameters) {
    return new QuantizationManager(
        QuantizationMethod.ASYMMETRIC_UNIFORM, QuantizerOptions.ofBits(4), parameters);
  }

  private static QuantizationManager perChannel() {
    return new QuantizationManager(
        QuantizationMethod.ASYMMETRIC_UNIFORM,
        QuantizerOptions.ofBits(4).withPerChannel(true),
        new CurrentMinMaxParameters());
  }
}
