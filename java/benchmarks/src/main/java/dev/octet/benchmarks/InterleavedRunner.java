// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.bindings.NativeLibrary;
import java.util.List;
import java.util.Objects;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/**
 * Measures a {@link Comparison} in rounds in which both ways take turns, so that a machine whose
 * speed drifts slows both alike.
 *
 * <p>A round repeats each way as often as fills the slice of time, ours first in even rounds and
 * second in odd ones, after a pause: pools of threads spin for a while before they sleep, and those
 * of one way would take processors from the other. Figures are medians over the rounds; the ratio
 * is the median of the rounds' ratios. A comparison whose ways can't tell what they cost is run
 * once.
 */
public final class InterleavedRunner {
  private static final long PAUSE_MILLIS = 50;
  private static final int WARM_UPS = 2;

  private final int rounds;
  private final long sliceNanos;
  private final Machine machine;

  /**
   * Chooses the length of a measurement.
   *
   * @param rounds rounds that count, at least 1; two more before them warm up
   * @param sliceMillis least time in milliseconds that each way runs in a round, at least 1
   * @param machine what the rows say that they were measured on
   */
  public InterleavedRunner(int rounds, int sliceMillis, Machine machine) {
    if (rounds < 1) {
      throw new IllegalArgumentException("rounds is " + rounds + ", expected at least 1");
    }
    if (sliceMillis < 1) {
      throw new IllegalArgumentException("sliceMillis is " + sliceMillis + ", expected at least 1");
    }
    this.rounds = rounds;
    this.sliceNanos = sliceMillis * 1_000_000L;
    this.machine = Objects.requireNonNull(machine, "machine");
  }

  /**
   * Measures one comparison of a suite.
   *
   * @return a row for each of its figures, of the same rounds
   */
  public List<Measurement> run(String suite, Comparison comparison) {
    Objects.requireNonNull(suite, "suite");
    int counted = rounds;
    for (int i = 0; i < WARM_UPS; i++) {
      double first = cost(comparison.ours());
      cost(comparison.peer());
      if (Double.isNaN(first)) {
        counted = 0;
        break;
      }
    }
    double[] ours = new double[counted];
    double[] peer = new double[counted];
    double[] ratios = new double[counted];
    for (int round = 0; round < counted; round++) {
      if (round % 2 == 0) {
        ours[round] = cost(comparison.ours());
        peer[round] = cost(comparison.peer());
      } else {
        peer[round] = cost(comparison.peer());
        ours[round] = cost(comparison.ours());
      }
      ratios[round] = peer[round] / ours[round];
    }
    return comparison.figures().stream()
        .map(figure -> row(suite, comparison, figure, ours, peer, ratios))
        .toList();
  }

  private Measurement row(
      String suite,
      Comparison comparison,
      Figure figure,
      double[] ours,
      double[] peer,
      double[] ratios) {
    Median median = new Median();
    return new Measurement(
        suite,
        comparison.name(),
        number(figure.of(median.evaluate(ours))),
        number(figure.of(median.evaluate(peer))),
        comparison.peerName(),
        figure.unit(),
        number(median.evaluate(ratios)),
        Math.max(1, ours.length),
        NativeLibrary.threads(),
        machine);
  }

  private static Double number(double value) {
    return Double.isNaN(value) ? null : value;
  }

  private double cost(Way way) {
    if (way == null) {
      return Double.NaN;
    }
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while measuring " + way, e);
    }
    return way.cost(sliceNanos);
  }
}
