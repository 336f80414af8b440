// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;

/** The sizes that a tensor had in every recorded run; its rank is always the same. */
final class Sizes {
  private final List<long[]> runs;

  private Sizes(List<long[]> runs) {
    this.runs = runs;
  }

  /** Returns the sizes of runs. */
  static Sizes of(List<long[]> runs) {
    return new Sizes(List.copyOf(runs));
  }

  /** Returns sizes that are the same in every run. */
  static Sizes fixed(int runs, long... sizes) {
    long[][] all = new long[runs][];
    Arrays.fill(all, sizes);
    return new Sizes(List.of(all));
  }

  int runs() {
    return runs.size();
  }

  int rank() {
    return runs.get(0).length;
  }

  long[] run(int run) {
    return runs.get(run).clone();
  }

  /** Returns a dimension's size in every run. */
  Extent get(int dimension) {
    return Extent.of(runs.stream().mapToLong(sizes -> sizes[dimension]).toArray());
  }

  boolean isFixed() {
    return runs.stream().allMatch(sizes -> Arrays.equals(sizes, runs.get(0)));
  }

  /** Returns these sizes with other ones in place of some dimensions. */
  Sizes replaced(int from, int to, Extent... others) {
    long[][] all = new long[runs.size()][];
    for (int run = 0; run < all.length; run++) {
      long[] old = runs.get(run);
      long[] sizes = new long[old.length - (to - from) + others.length];
      System.arraycopy(old, 0, sizes, 0, from);
      for (int i = 0; i < others.length; i++) {
        sizes[from + i] = others[i].run(run);
      }
      System.arraycopy(old, to, sizes, from + others.length, old.length - to);
      all[run] = sizes;
    }
    return new Sizes(List.of(all));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Sizes
        && Arrays.deepEquals(runs.toArray(), ((Sizes) other).runs.toArray());
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(runs.toArray());
  }

  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "[", "]");
    for (int i = 0; i < rank(); i++) {
      text.add(get(i).toString());
    }
    return text.toString();
  }
}
