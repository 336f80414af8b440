// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A suite that owns what its comparisons use. */
abstract class OwningSuite implements Suite {
  private final String name;
  private final List<AutoCloseable> owned = new ArrayList<>();
  private final List<Comparison> comparisons = new ArrayList<>();

  OwningSuite(String name) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Comparison> comparisons() {
    return Collections.unmodifiableList(comparisons);
  }

  void add(Comparison comparison) {
    comparisons.add(comparison);
  }

  <T extends AutoCloseable> T own(T resource) {
    owned.add(resource);
    return resource;
  }

  /** Closes what is owned, the last first: it may use what was there before it. */
  @Override
  public void close() {
    for (int i = owned.size() - 1; i >= 0; i--) {
      try {
        owned.get(i).close();
      } catch (Exception e) {
        throw new IllegalStateException("a resource of suite " + name + " can't be closed", e);
      }
    }
    owned.clear();
  }
}
