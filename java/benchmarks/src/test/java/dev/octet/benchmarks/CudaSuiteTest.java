// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.benchmarks.cuda.CublasLt;
import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.cuda.presets.PresetEvent;
import dev.octet.runtime.cuda.presets.PresetStream;
import dev.octet.runtime.memory.NativeBlock;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

@NeedsCudaPresets
class CudaSuiteTest {
  private static List<Long> live() {
    return List.of(
        NativeBlock.liveBlocks(),
        DeviceBlock.liveBlocks(),
        DeviceBlock.liveBytes(),
        PresetStream.live(),
        PresetEvent.live());
  }

  @Test
  void everyRowRunsAndAnEmulatedDeviceHasNoFigures() {
    List<Long> before = live();
    List<Measurement> rows = new ArrayList<>();
    boolean emulated;
    try (CudaSuite suite = new CudaSuite()) {
      emulated = suite.accelerator().endsWith(": emulated, no times");
      assertTrue(suite.accelerator().startsWith("cuda:0 "), suite.accelerator());
      InterleavedRunner runner = new InterleavedRunner(1, 1, Machine.here(suite));
      for (Comparison comparison : suite.comparisons()) {
        rows.addAll(runner.run(suite.name(), comparison));
      }
    }
    assertEquals(before, live());
    assertTrue(rows.size() > 12, rows.toString());
    String missing = CublasLt.whyMissing();
    for (Measurement row : rows) {
      boolean alone = row.name().startsWith("s8 product") && !missing.isEmpty();
      if (alone) {
        assertEquals("cuBLASLt: " + missing, row.peerName());
      }
      check(emulated, row.ours(), row);
      check(emulated || alone, row.peer(), row);
      check(emulated || alone, row.ratio(), row);
    }
  }

  private static void check(boolean none, Double number, Measurement row) {
    if (none) {
      assertNull(number, row.toString());
    } else {
      assertTrue(number > 0, row.toString());
    }
  }
}
