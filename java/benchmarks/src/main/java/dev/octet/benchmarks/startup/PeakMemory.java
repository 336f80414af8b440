// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.startup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory that this process ever had resident. */
public final class PeakMemory {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String FIELD = "VmHWM:";

  private PeakMemory() {}

  /**
   * Returns kilobytes of 1024 bytes, as Linux counts them.
   *
   * @throws IOException if the system has no such file
   */
  public static long kilobytes() throws IOException {
    for (String line : Files.readAllLines(STATUS)) {
      if (line.startsWith(FIELD)) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException(STATUS + " has no line " + FIELD);
  }
}
