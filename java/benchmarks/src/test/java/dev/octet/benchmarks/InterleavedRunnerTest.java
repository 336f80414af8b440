// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class InterleavedRunnerTest {
  private static final Machine MACHINE = Machine.here(Map.of("peer", "1.0"));

  @Test
  void ratioSaysHowMuchBetterOursIs() {
    Comparison comparison =
        Comparison.latency(
            "sleep",
            () -> LockSupport.parkNanos(1_000_000),
            "longer sleep",
            () -> LockSupport.parkNanos(20_000_000));
    Measurement row = new InterleavedRunner(3, 1, MACHINE).run("test", comparison);
    assertTrue(row.ratio() > 1, "a sleep twenty times as long takes longer: " + row);
    assertTrue(row.peer() > row.ours(), row.toString());
    assertEquals("us", row.unit());
    assertEquals(3, row.rounds());
  }

  @Test
  void bothWaysTakeTurns() {
    AtomicInteger ours = new AtomicInteger();
    AtomicInteger peer = new AtomicInteger();
    Comparison comparison =
        Comparison.bandwidth(
            "counts",
            1e9,
            () -> {
              ours.incrementAndGet();
              LockSupport.parkNanos(2_000_000);
            },
            "peer",
            () -> {
              peer.incrementAndGet();
              LockSupport.parkNanos(2_000_000);
            });
    Measurement row = new InterleavedRunner(4, 1, MACHINE).run("test", comparison);
    assertEquals(6, ours.get());
    assertEquals(6, peer.get());
    assertTrue(row.ours() > 0 && row.ours() < 1e9 / 1e6, row.toString());
  }

  @Test
  void refusesUselessSettings() {
    assertThrows(IllegalArgumentException.class, () -> new InterleavedRunner(0, 1, MACHINE));
    assertThrows(IllegalArgumentException.class, () -> new InterleavedRunner(1, 0, MACHINE));
    assertThrows(
        IllegalArgumentException.class,
        () -> Comparison.told("a", "furlongs", () -> 1, "b", () -> 1));
  }

  @Test
  void toldFiguresAreTakenAsTheyAre() {
    Comparison comparison = Comparison.told("memory", "MB", () -> 20, "peer", () -> 50);
    Measurement row = new InterleavedRunner(3, 1, MACHINE).run("test", comparison);
    assertEquals(20, row.ours());
    assertEquals(50, row.peer());
    assertEquals(2.5, row.ratio());
    assertEquals("1.0", row.machine().peers().get("peer"));
  }
}
