// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The suites by name. */
public final class Suites {
  private static final Map<String, Supplier<Suite>> SUITES = new LinkedHashMap<>();

  static {
    SUITES.put(FakeQuantSuite.NAME, FakeQuantSuite::new);
    SUITES.put(RangesSuite.NAME, RangesSuite::new);
    SUITES.put(ImportSuite.NAME, ImportSuite::new);
    SUITES.put(GemmSuite.NAME, GemmSuite::new);
  }

  private Suites() {}

  /** Returns the names of all suites. */
  public static List<String> names() {
    return List.copyOf(SUITES.keySet());
  }

  /**
   * Makes a suite's data.
   *
   * @throws IllegalArgumentException if there is no suite of that name
   */
  public static Suite open(String name) {
    Supplier<Suite> suite = SUITES.get(name);
    if (suite == null) {
      throw new IllegalArgumentException("suite is '" + name + "', expected one of " + names());
    }
    return suite.get();
  }
}
