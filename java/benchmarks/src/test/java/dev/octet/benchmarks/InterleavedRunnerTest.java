// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class InterleavedRunnerTest {
  private static final Machine MACHINE = Machine.here(Map.of("peer", "1.0"), null);

  @Test
  void ratioSaysHowMuchBetterOursIs() {
    Comparison comparison =
        Comparison.latency(
            "sleep",
            () -> LockSupport.parkNanos(1_000_000),
            "longer sleep",
            () -> LockSupport.parkNanos(20_000_000));
    Measurement row = new InterleavedRunner(3, 1, MACHINE).run("test", comparison).get(0);
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
    Measurement row = new InterleavedRunner(4, 1, MACHINE).run("test", comparison).get(0);
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
    Measurement row = new InterleavedRunner(3, 1, MACHINE).run("test", comparison).get(0);
    assertEquals(20, row.ours());
    assertEquals(50, row.peer());
    assertEquals(2.5, row.ratio());
    assertEquals("1.0", row.machine().peers().get("peer"));
  }

  @Test
  void everyFigureIsOfTheSameRounds() {
    AtomicInteger calls = new AtomicInteger();
    Way ours = slice -> 2e3 + calls.getAndIncrement();
    List<Figure> figures = List.of(Figure.latency(), Figure.operations(4e9), Figure.bandwidth(1e5));
    Comparison comparison = new Comparison("product", ours, slice -> 4e3, "peer", figures);
    List<Measurement> rows = new InterleavedRunner(3, 1, MACHINE).run("test", comparison);
    assertEquals(5, calls.get());
    assertEquals(List.of("us", "TOPS", "GB/s"), rows.stream().map(Measurement::unit).toList());
    assertEquals(2003 / 1e3, rows.get(0).ours());
    assertEquals(4e9 / 2003 / 1e3, rows.get(1).ours());
    assertEquals(1e5 / 2003, rows.get(2).ours());
    assertEquals(List.of(4.0, 1e3, 25.0), rows.stream().map(Measurement::peer).toList());
    rows.forEach(row -> assertEquals(4e3 / 2003, row.ratio()));
  }

  @Test
  void aMissingPeerLeavesOurs() {
    Comparison comparison =
        new Comparison(
            "product", slice -> 2e3, null, "peer: not installed", List.of(Figure.latency()));
    Measurement row = new InterleavedRunner(3, 1, MACHINE).run("test", comparison).get(0);
    assertEquals(2, row.ours());
    assertNull(row.peer());
    assertNull(row.ratio());
    assertEquals("peer: not installed", row.peerName());
    assertEquals(3, row.rounds());
  }

  @Test
  void waysWithoutCostsRunOnce() {
    AtomicInteger calls = new AtomicInteger();
    Way way =
        slice -> {
          calls.incrementAndGet();
          return Double.NaN;
        };
    Comparison comparison =
        new Comparison("emulated", way, way, "peer", List.of(Figure.operations(1)));
    Measurement row = new InterleavedRunner(11, 1, MACHINE).run("test", comparison).get(0);
    assertEquals(2, calls.get());
    assertNull(row.ours());
    assertNull(row.peer());
    assertNull(row.ratio());
    assertEquals(1, row.rounds());
  }

  @Test
  void figuresAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> new Figure("TOPS", 0));
    assertThrows(IllegalArgumentException.class, () -> new Figure("us", 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new Comparison("a", slice -> 1, slice -> 1, "b", List.of()));
  }
}
