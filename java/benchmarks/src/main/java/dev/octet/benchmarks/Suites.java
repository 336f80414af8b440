// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The suites by name. */
public final class Suites {
  private static final Map<String, Supplier<Suite>> SUITES = new LinkedHashMap<>();

  // Lambdas, not references to constructors: those would load the suites' classes, and with them
  // PyTorch's, wherever the names of the suites are asked for.
  static {
    SUITES.put(FakeQuantSuite.NAME, () -> new FakeQuantSuite());
    SUITES.put(RangesSuite.NAME, () -> new RangesSuite());
    SUITES.put(ImportSuite.NAME, () -> new ImportSuite());
    SUITES.put(GemmSuite.NAME, () -> new GemmSuite());
    SUITES.put(ConvSuite.NAME, () -> new ConvSuite());
    SUITES.put(ModulesSuite.NAME, () -> new ModulesSuite());
    SUITES.put(CnnSuite.NAME, () -> new CnnSuite());
    SUITES.put(StartupSuite.NAME, () -> new StartupSuite());
    SUITES.put(MiniLmSuite.NAME, () -> new MiniLmSuite());
    SUITES.put(CudaSuite.NAME, () -> new CudaSuite());
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
