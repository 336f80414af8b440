// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.Objects;

/**
 * Two ways to do the same work.
 *
 * @param name what is measured
 * @param ours our way, once
 * @param peer the peer's way, once
 * @param peerName what the peer is
 * @param workPerCall with {@code unit} in "/s": how many units one call does, in thousand millions
 *     for "GB/s"; otherwise 0
 * @param unit "GB/s" for {@code workPerCall} bytes a second, or "us" for microseconds a call
 */
public record Comparison(
    String name, Runnable ours, Runnable peer, String peerName, double workPerCall, String unit) {
  public Comparison {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(ours, "ours");
    Objects.requireNonNull(peer, "peer");
    Objects.requireNonNull(peerName, "peerName");
    if (!unit.equals("GB/s") && !unit.equals("us")) {
      throw new IllegalArgumentException("unit is '" + unit + "', expected 'GB/s' or 'us'");
    }
  }

  /** Compares by bytes moved a second. */
  public static Comparison bandwidth(
      String name, double bytesPerCall, Runnable ours, String peerName, Runnable peer) {
    return new Comparison(name, ours, peer, peerName, bytesPerCall, "GB/s");
  }

  /** Compares by microseconds a call. */
  public static Comparison latency(String name, Runnable ours, String peerName, Runnable peer) {
    return new Comparison(name, ours, peer, peerName, 0, "us");
  }

  /** Returns the figure in {@link #unit()} for a call that took so many nanoseconds. */
  double figure(double nanoseconds) {
    return unit.equals("us") ? nanoseconds / 1e3 : workPerCall / nanoseconds;
  }
}
