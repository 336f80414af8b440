// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.Objects;
import java.util.Set;

/**
 * What a row says of a way, made of what the way cost.
 *
 * @param unit "GB/s" for bytes a second, "TOPS" for 10^12 operations a second, "us" for
 *     microseconds a call, "ms" for milliseconds or "MB" for megabytes that the ways themselves
 *     tell
 * @param workPerCall bytes or operations that one call makes; 0 with the other units
 */
public record Figure(String unit, double workPerCall) {
  private static final Set<String> RATES = Set.of("GB/s", "TOPS");
  private static final Set<String> COSTS = Set.of("us", "ms", "MB");

  public Figure {
    Objects.requireNonNull(unit, "unit");
    if (!RATES.contains(unit) && !COSTS.contains(unit)) {
      throw new IllegalArgumentException(
          "unit is '" + unit + "', expected one of " + RATES + " or " + COSTS);
    }
    if (RATES.contains(unit) != workPerCall > 0) {
      throw new IllegalArgumentException(
          "workPerCall is "
              + workPerCall
              + " with unit "
              + unit
              + ", expected "
              + (RATES.contains(unit) ? "more than 0" : "0"));
    }
  }

  /** Bytes a second. */
  public static Figure bandwidth(double bytesPerCall) {
    return new Figure("GB/s", bytesPerCall);
  }

  /** Operations a second. */
  public static Figure operations(double operationsPerCall) {
    return new Figure("TOPS", operationsPerCall);
  }

  /** Microseconds a call. */
  public static Figure latency() {
    return new Figure("us", 0);
  }

  /** Returns the figure for what a way cost: nanoseconds, or what it tells of itself. */
  double of(double cost) {
    return switch (unit) {
      case "GB/s" -> workPerCall / cost;
      case "TOPS" -> workPerCall / cost / 1e3;
      case "us" -> cost / 1e3;
      default -> cost;
    };
  }
}
