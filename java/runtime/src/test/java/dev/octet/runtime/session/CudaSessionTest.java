// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.NeedsCuda;
import dev.octet.runtime.TestPrograms;
import dev.octet.runtime.TestPrograms.Perceptron;
import dev.octet.runtime.cuda.CudaGraph;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.Device;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NeedsCuda
class CudaSessionTest {
  private static final SessionOptions CUDA = SessionOptions.defaults().withDevice(Device.cuda(0));
  private static final int IN = TestPrograms.IN;
  private static final int OUT = TestPrograms.OUT;

  private final long blocksBefore = NativeBlock.liveBlocks();

  @AfterEach
  void nothingIsLeaked() {
    assertEquals(blocksBefore, NativeBlock.liveBlocks());
    assertEquals(0, DeviceBlock.liveBlocks());
    assertEquals(0, DeviceBlock.liveBytes());
    assertEquals(0, CudaStream.live());
    assertEquals(0, CudaGraph.live());
  }

  @Test
  void runsAsTheReferenceDoes() {
    Perceptron perceptron = Perceptron.make(1);
    try (Session session = Session.open(perceptron.program(), CUDA)) {
      for (int batch : new int[] {1, 3, 0, 17, 3, 3, 3}) {
        float[] x = TestPrograms.floats(new Random(batch), batch * IN, 5);
        Map<String, TensorData> y = session.run(Map.of("x", TensorData.of(x, batch, IN)));
        assertArrayEquals(perceptron.expected(x, batch), y.get("y").floats());
        assertArrayEquals(new long[] {batch, OUT}, y.get("y").shape());
      }
      GraphReport last = session.graphs().get(session.graphs().size() - 1);
      assertArrayEquals(new long[] {3, IN}, last.inputs().get(0).shape().sizes());
      assertNull(last.obstacle());
      assertTrue(last.nodes() >= session.program().operations().size(), last.toString());
      assertTrue(session.constantBytes() > 0);
    }
  }
}
