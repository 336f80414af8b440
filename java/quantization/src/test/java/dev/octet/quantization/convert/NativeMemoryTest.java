// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.Calibration;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/**
 * A thousand rounds leave native memory where it was: neither native objects that wait for the
 * garbage collector, nor memory of the process.
 */
class NativeMemoryTest {
  private static final int WARM_UP = 200;
  private static final int ROUNDS = 1000;
  private static final long OBJECTS = 100;
  private static final int BLOCKS = 4;
  // A leak makes the process grow in every block of rounds, the Java heap and the compiler do not;
  // one
  // weight a round would be 4 MB a block.
  private static final long BYTES = 2L << 20;
  private static final int WIDTH = 64;

  /** A model that frees what it makes, as one for serving does. */
  private static final class Net extends Module {
    private final LinearImpl fc1 = register_module("fc1", new LinearImpl(WIDTH, WIDTH));
    private final BatchNorm1dImpl norm =
        register_module("norm", new BatchNorm1dImpl(new BatchNormOptions(WIDTH)));
    private final LinearImpl fc2 = register_module("fc2", new LinearImpl(WIDTH, WIDTH));

    public Tensor forward(Tensor x) {
      try (Tensor a = fc1.forward(x);
          Tensor b = norm.forward(a);
          Tensor c = relu(b)) {
        return fc2.forward(c);
      }
    }
  }

  private static QuantizationMap map() {
    QuantizationConfig config = QuantizationConfig.ofBits(8, 8);
    return Conversion.appendDefaultConversions(
        QuantizationMap.builder()
            .defaultQConfig(config)
            .module(BatchNorm1dImpl.class, QuantizedModules.BATCH_NORM2D, config)
            .input("fc1", ActivationQuantConfig.ofBits(8))
            .build());
  }

  private static GraphModule graph() {
    var b = GraphModule.builder("x");
    var h = b.call("fc1", new LinearImpl(WIDTH, WIDTH), b.input("x"));
    h = b.call("norm", new BatchNorm1dImpl(new BatchNormOptions(WIDTH)), h);
    return b.output(b.call("fc2", new LinearImpl(WIDTH, WIDTH), b.relu(h))).build();
  }

  private static void assertFlat(String what, Runnable round) {
    for (int i = 0; i < WARM_UP; i++) {
      round.run();
    }
    long objects = Pointer.totalCount();
    long least = Long.MAX_VALUE;
    for (int block = 0; block < BLOCKS; block++) {
      long bytes = residentBytes();
      for (int i = 0; i < ROUNDS / BLOCKS; i++) {
        round.run();
      }
      least = Math.min(least, residentBytes() - bytes);
    }
    long moreObjects = Pointer.totalCount() - objects;
    assertTrue(
        moreObjects <= OBJECTS, what + ": " + moreObjects + " more native objects than before");
    assertTrue(
        least <= BYTES,
        what + ": every " + ROUNDS / BLOCKS + " rounds at least " + (least >> 10) + " KiB more");
  }

  /** Memory of the process with as little of it in the Java heap as can be. */
  private static long residentBytes() {
    System.gc();
    return Pointer.physicalBytes();
  }

  @Test
  void convertingCalibratingAndRunningAModuleClass() {
    QuantizationMap map = map();
    assertFlat(
        "a module class",
        () -> {
          try (PointerScope scope = new PointerScope()) {
            Net model = new Net();
            Net converted = Conversion.convertToQuantized(model, map, Net::new);
            Calibration.calibrateQuantizationRanges(converted, List.of(randn(8, WIDTH)));
            converted.forward(randn(8, WIDTH));
          }
        });
  }

  @Test
  void convertingCalibratingAndRunningAGraph() {
    QuantizationMap map = map();
    assertFlat(
        "a graph",
        () -> {
          try (PointerScope scope = new PointerScope()) {
            GraphModule converted = (GraphModule) Conversion.convertToQuantized(graph(), map);
            Calibration.calibrateQuantizationRanges(converted, List.of(randn(8, WIDTH)));
            converted.forward(randn(8, WIDTH));
          }
        });
  }

  @Test
  void runningAConvertedModuleClassWithoutAScope() {
    try (PointerScope scope = new PointerScope()) {
      Net converted = Conversion.convertToQuantized(new Net(), map(), Net::new);
      Tensor x = randn(8, WIDTH);
      Calibration.calibrateQuantizationRanges(converted, List.of(x));
      withoutScope(
          () ->
              assertFlat(
                  "forward of a module class",
                  () -> {
                    try (NoGradGuard guard = new NoGradGuard()) {
                      converted.forward(x).close();
                    }
                  }));
    }
  }

  @Test
  void runningAConvertedGraphWithoutAScope() {
    try (PointerScope scope = new PointerScope()) {
      GraphModule converted = (GraphModule) Conversion.convertToQuantized(graph(), map());
      Tensor x = randn(8, WIDTH);
      Calibration.calibrateQuantizationRanges(converted, List.of(x));
      withoutScope(
          () ->
              assertFlat(
                  "forward of a graph",
                  () -> {
                    try (NoGradGuard guard = new NoGradGuard()) {
                      converted.forward(x).close();
                    }
                  }));
    }
  }

  /** Runs on a thread of its own, on which no scope is open that would free what is left. */
  private static void withoutScope(Runnable action) {
    Throwable[] failure = new Throwable[1];
    Thread thread = new Thread(action, "without a scope");
    thread.setUncaughtExceptionHandler((t, e) -> failure[0] = e);
    thread.start();
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    if (failure[0] != null) {
      throw new AssertionError(failure[0]);
    }
  }
}
