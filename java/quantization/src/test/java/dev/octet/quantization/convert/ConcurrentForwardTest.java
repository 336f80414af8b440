// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.tree.ModuleCall;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConcurrentForwardTest {
  private static final int THREADS = 8;
  private static final int ROUNDS = 40;

  /** The threads meet at a model that keeps no weight yet, so that they race to make it. */
  @ParameterizedTest
  @MethodSource("dev.octet.quantization.convert.UserModelConversionTest#subjects")
  void threadsGetTheBitsThatOneAloneGets(UserModelConversionTest.Subject subject) throws Exception {
    QuantizationMap map = Conversion.appendDefaultConversions(QuantizationMap.builder().build());
    Module model = Conversion.convertToQuantized(subject.factory().get(), map, subject.factory());
    List<Tensor> inputs = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      inputs.add(subject.input().get());
    }
    Calibration.calibrateQuantizationRanges(model, inputs);
    List<Tensor> expected = inputs.stream().map(x -> ModuleCall.forward(model, x)).toList();
    for (var module : QuantizationStates.quantizedModules(model)) {
      module.quantization().dropCache();
    }
    CountDownLatch start = new CountDownLatch(1);
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<Boolean>> same = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        same.add(pool.submit(worker(model, inputs.get(i), expected.get(i), start)));
      }
      start.countDown();
      for (Future<Boolean> each : same) {
        assertTrue(each.get(), "a thread got other bits");
      }
    } finally {
      pool.shutdownNow();
    }
  }

  private static Callable<Boolean> worker(
      Module model, Tensor x, Tensor expected, CountDownLatch start) {
    return () -> {
      start.await();
      boolean same = true;
      try (NoGradGuard guard = new NoGradGuard()) {
        for (int i = 0; i < ROUNDS; i++) {
          try (Tensor y = ModuleCall.forward(model, x)) {
            same &= torch.equal(expected, y);
          }
        }
      }
      return same;
    };
  }
}
