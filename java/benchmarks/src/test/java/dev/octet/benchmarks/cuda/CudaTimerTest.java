// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.type.Device;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

@NeedsCudaPresets
class CudaTimerTest {
  /** What events say of an emulated device is no time of a device's, but it is said. */
  @Test
  void callsAreMadeBetweenEvents() {
    AtomicInteger calls = new AtomicInteger();
    try (CudaTimer timer = new CudaTimer(Device.cuda(0));
        CudaMlp mlp = new CudaMlp(timer.stream(), 3, 32, 64, true)) {
      Runnable call =
          () -> {
            calls.incrementAndGet();
            mlp.run();
          };
      for (int i = 0; i < 3; i++) {
        assertTrue(timer.microseconds(2, call) > 0);
      }
      assertEquals(3, calls.get());
      assertEquals(timer.isEmulated(), Double.isNaN(timer.nanoseconds(1, call)));
      assertTrue(timer.isEmulated() ? calls.get() == 4 : calls.get() > 3, calls.toString());
    }
  }

  @Test
  void devicesThatThereAreNotAreNamed() {
    IllegalArgumentException failure =
        assertThrows(
            IllegalArgumentException.class, () -> new CudaTimer(Device.cuda(4321)).close());
    assertTrue(failure.getMessage().contains("cuda:4321"), failure.getMessage());
  }
}
