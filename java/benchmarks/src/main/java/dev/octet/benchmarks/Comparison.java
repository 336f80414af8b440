// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.Objects;
import java.util.Set;
import java.util.function.DoubleSupplier;

/**
 * Two ways to do the same work.
 *
 * @param name what is measured
 * @param ours our way
 * @param peer the peer's way
 * @param peerName what the peer is
 * @param workPerCall with {@code unit} in "/s": how many units one call does, in thousand millions
 *     for "GB/s"; otherwise 0
 * @param unit "GB/s" for {@code workPerCall} bytes a second, "us" for microseconds a call, "ms" for
 *     milliseconds or "MB" for megabytes that the ways themselves tell
 */
public record Comparison(
    String name, Way ours, Way peer, String peerName, double workPerCall, String unit) {
  private static final Set<String> UNITS = Set.of("GB/s", "us", "ms", "MB");

  public Comparison {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(ours, "ours");
    Objects.requireNonNull(peer, "peer");
    Objects.requireNonNull(peerName, "peerName");
    if (!UNITS.contains(unit)) {
      throw new IllegalArgumentException("unit is '" + unit + "', expected one of " + UNITS);
    }
  }

  /** Compares by bytes moved a second. */
  public static Comparison bandwidth(
      String name, double bytesPerCall, Runnable ours, String peerName, Runnable peer) {
    return new Comparison(name, Way.timed(ours), Way.timed(peer), peerName, bytesPerCall, "GB/s");
  }

  /** Compares by microseconds a call. */
  public static Comparison latency(String name, Runnable ours, String peerName, Runnable peer) {
    return new Comparison(name, Way.timed(ours), Way.timed(peer), peerName, 0, "us");
  }

  /** Compares by what the ways tell of themselves, in "ms" or "MB". */
  public static Comparison told(
      String name, String unit, DoubleSupplier ours, String peerName, DoubleSupplier peer) {
    return new Comparison(name, Way.telling(ours), Way.telling(peer), peerName, 0, unit);
  }

  /** Returns the figure in {@link #unit()} for what a way cost. */
  double figure(double cost) {
    return switch (unit) {
      case "GB/s" -> workPerCall / cost;
      case "us" -> cost / 1e3;
      default -> cost;
    };
  }
}
