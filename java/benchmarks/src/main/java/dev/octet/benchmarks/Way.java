// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.function.DoubleSupplier;

/** A way to do some work, which costs something: the less the better. */
@FunctionalInterface
public interface Way {
  /**
   * Does the work at least once and returns what it costs once.
   *
   * @param sliceNanos how long to repeat it, in nanoseconds, where that makes the figure better
   * @return the cost; NaN if it can't be told, because the device is emulated, for example
   */
  double cost(long sliceNanos);

  /** Costs the time that a call takes, in nanoseconds, over as many calls as fill the slice. */
  static Way timed(Runnable call) {
    return sliceNanos -> {
      long calls = 0;
      long start = System.nanoTime();
      long elapsed;
      do {
        call.run();
        calls++;
        elapsed = System.nanoTime() - start;
      } while (elapsed < sliceNanos);
      return (double) elapsed / calls;
    };
  }

  /** Costs what the work itself tells, done once. */
  static Way telling(DoubleSupplier work) {
    return sliceNanos -> work.getAsDouble();
  }
}
