// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.bindings.NativeLibrary;
import dev.octet.runtime.program.Program;
import dev.octet.runtime.session.GraphReport;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.SessionOptions;
import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.Device;
import java.util.Map;

/** Holds programs on a CUDA device to what they give on the CPU, wherever there is a device. */
public final class OnCuda {
  /** One by one, recorded, and launched as a graph. */
  private static final int RUNS = 3;

  private OnCuda() {}

  /** Returns default settings with the first device. */
  public static SessionOptions options() {
    return SessionOptions.defaults().withDevice(Device.cuda(0));
  }

  /** Tells whether there is a device; fails if there has to be one. */
  public static boolean isThere() {
    String reason = NativeLibrary.whyNoCuda();
    assertTrue(reason.isEmpty() || System.getenv("OCTET_TEST_NEED_CUDA") == null, reason);
    return reason.isEmpty();
  }

  /** Runs a program; its outputs must have the bits that they have on the CPU. */
  public static void assertSame(
      Program program, Map<String, TensorData> inputs, Map<String, TensorData> expected) {
    if (!isThere()) {
      return;
    }
    try (Session session = Session.open(program, options())) {
      for (int run = 0; run < RUNS; run++) {
        Map<String, TensorData> actual = session.run(inputs);
        assertEquals(expected.keySet(), actual.keySet());
        for (String name : expected.keySet()) {
          assertArrayEquals(expected.get(name).shape(), actual.get(name).shape(), name);
          assertArrayEquals(
              new Object[] {expected.get(name).array()},
              new Object[] {actual.get(name).array()},
              "run " + run + ", output " + name);
        }
      }
      GraphReport graph = session.graphs().get(0);
      assertNull(graph.obstacle());
    }
  }
}
