// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.List;
import java.util.Map;

/** A named set of comparisons that share their data. */
public interface Suite extends AutoCloseable {
  /** Returns the name by which {@code octet bench --suite} knows it. */
  String name();

  /** Returns the comparisons, in the order in which they are to run. */
  List<Comparison> comparisons();

  /** Returns the versions of the peers by name. */
  Map<String, String> peers();

  /**
   * Returns what ours ran on if it is not the processor, and what one must know of it; null if it
   * is.
   */
  default String accelerator() {
    return null;
  }

  /** Releases the data. */
  @Override
  void close();
}
