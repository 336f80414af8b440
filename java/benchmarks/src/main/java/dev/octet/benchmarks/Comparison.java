// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.List;
import java.util.Objects;
import java.util.function.DoubleSupplier;

/**
 * Two ways to do the same work.
 *
 * @param name what is measured
 * @param ours our way
 * @param peer the peer's way; null if the peer is missing
 * @param peerName what the peer is and, if it is missing, why
 * @param figures what there is to say of what the ways cost, at least one
 */
public record Comparison(String name, Way ours, Way peer, String peerName, List<Figure> figures) {
  public Comparison {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(ours, "ours");
    Objects.requireNonNull(peerName, "peerName");
    figures = List.copyOf(figures);
    if (figures.isEmpty()) {
      throw new IllegalArgumentException("figures is empty, expected at least one");
    }
  }

  private Comparison(String name, Runnable ours, String peerName, Runnable peer, Figure figure) {
    this(name, Way.timed(ours), Way.timed(peer), peerName, List.of(figure));
  }

  /** Compares by bytes moved a second. */
  public static Comparison bandwidth(
      String name, double bytesPerCall, Runnable ours, String peerName, Runnable peer) {
    return new Comparison(name, ours, peerName, peer, Figure.bandwidth(bytesPerCall));
  }

  /** Compares by microseconds a call. */
  public static Comparison latency(String name, Runnable ours, String peerName, Runnable peer) {
    return new Comparison(name, ours, peerName, peer, Figure.latency());
  }

  /** Compares by what the ways tell of themselves, in "ms" or "MB". */
  public static Comparison told(
      String name, String unit, DoubleSupplier ours, String peerName, DoubleSupplier peer) {
    return new Comparison(
        name, Way.telling(ours), Way.telling(peer), peerName, List.of(new Figure(unit, 0)));
  }
}
