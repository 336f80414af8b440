// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Arrays;
import java.util.stream.Collectors;

/** A whole number that follows from the sizes of the inputs, as it was in every recorded run. */
final class Extent {
  private final long[] runs;

  private Extent(long[] runs) {
    this.runs = runs;
  }

  static Extent of(long... runs) {
    return new Extent(runs);
  }

  long run(int run) {
    return runs[run];
  }

  /** Returns the sum with a number of the same runs. */
  Extent plus(Extent other) {
    long[] sums = new long[runs.length];
    Arrays.setAll(sums, run -> runs[run] + other.runs[run]);
    return new Extent(sums);
  }

  /** Tells whether the number was the same in every run. */
  boolean isFixed() {
    return Arrays.stream(runs).allMatch(size -> size == runs[0]);
  }

  /** Tells whether the number is this one in every run. */
  boolean is(long number) {
    return Arrays.stream(runs).allMatch(size -> size == number);
  }

  /**
   * Returns the number.
   *
   * @throws IllegalStateException if it was not always the same
   */
  long value() {
    if (!isFixed()) {
      throw new IllegalStateException("the number differs between runs: " + this);
    }
    return runs[0];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Extent && Arrays.equals(runs, ((Extent) other).runs);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(runs);
  }

  /** Returns the number, or those of all runs: {@code 8|7|5}. */
  @Override
  public String toString() {
    return isFixed()
        ? Long.toString(runs[0])
        : Arrays.stream(runs).mapToObj(Long::toString).collect(Collectors.joining("|"));
  }
}
