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

  /** Releases the data. */
  @Override
  void close();
}
