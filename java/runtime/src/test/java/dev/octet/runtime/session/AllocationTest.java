// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.memory.NativeBlock;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AllocationTest {
  private static final int RUNS = 10_000;
  private static final int BATCH = 3;

  private static TensorData memory(boolean direct, float[] values, long... shape) {
    if (!direct) {
      return TensorData.of(values, shape);
    }
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    bytes.asFloatBuffer().put(values);
    return TensorData.of(bytes.asFloatBuffer(), shape);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void runsAllocateNothingAfterTheFirst(boolean direct) {
    ThreadMXBean threads = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);
    SessionOptions options = SessionOptions.defaults().withThreads(1);
    try (Session session = Session.open(Perceptron.make(1).program(), options)) {
      float[] x = TestPrograms.floats(new Random(1), BATCH * TestPrograms.IN, 5);
      IoBinding io =
          session
              .bind()
              .input("x", memory(direct, x, BATCH, TestPrograms.IN))
              .output(
                  "y",
                  memory(direct, new float[BATCH * TestPrograms.OUT], BATCH, TestPrograms.OUT));
      for (int i = 0; i < RUNS; i++) {
        io.run();
      }
      long blocks = NativeBlock.liveBlocks();
      long nativeBytes = Pointer.physicalBytes();
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < RUNS; i++) {
        io.run();
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      // The counter itself and compilation in between take some bytes; one object a run would be
      // 160,000 and more.
      assertTrue(allocated < RUNS, allocated + " bytes in " + RUNS + " runs");
      assertEquals(blocks, NativeBlock.liveBlocks());
      long grown = Pointer.physicalBytes() - nativeBytes;
      assertTrue(grown < 8 << 20, "the process has grown by " + grown + " bytes");
    }
  }
}
