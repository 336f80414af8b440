// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.benchmarks.startup.OctetStart;
import dev.octet.benchmarks.startup.StartCommand;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class StartupSuiteTest {
  @Test
  void everyRowIsMeasuredInProcessesOfItsOwn() {
    try (StartupSuite suite = new StartupSuite(List.of(new int[] {4, 32}))) {
      assertEquals(4, suite.comparisons().size());
      InterleavedRunner runner = new InterleavedRunner(1, 1, Machine.here(suite));
      for (Comparison comparison : suite.comparisons()) {
        Measurement row = runner.run(suite.name(), comparison).get(0);
        boolean memory = row.unit().equals("MB");
        // No JVM is smaller or starts within this, and none of these takes more.
        assertTrue(row.ours() > 20 && row.ours() < (memory ? 4_000 : 120_000), row.toString());
        assertTrue(row.peer() > 20 && row.peer() < (memory ? 4_000 : 120_000), row.toString());
      }
    }
  }

  @Test
  void failuresSayWhatTheProcessPrinted() {
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () -> StartCommand.octet(OctetStart.class).run(Path.of("missing.octet"), 8));
    assertTrue(failure.getMessage().contains("missing.octet"), failure.getMessage());
  }
}
