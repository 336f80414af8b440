// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.bindings.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a measurement was made on and with.
 *
 * @param cpu the model of the processor, as the system names it
 * @param processors that the JVM may use
 * @param instructionSet whose kernels ran
 * @param os name and version of the operating system
 * @param java version and name of the JVM
 * @param octet version of Octet
 * @param peers versions of the peers by name
 * @param accelerator what ours ran on if it is not the processor; null if it is
 */
public record Machine(
    String cpu,
    int processors,
    @JsonProperty("instruction_set") String instructionSet,
    String os,
    String java,
    String octet,
    Map<String, String> peers,
    @JsonInclude(JsonInclude.Include.NON_NULL) String accelerator) {
  private static final Path CPUINFO = Path.of("/proc/cpuinfo");
  private static final String MODEL = "model name";

  /** Describes the present one, for a suite. */
  public static Machine here(Suite suite) {
    return here(suite.peers(), suite.accelerator());
  }

  /** Describes the present one. */
  static Machine here(Map<String, String> peers, String accelerator) {
    return new Machine(
        processor(),
        Runtime.getRuntime().availableProcessors(),
        NativeLibrary.instructionSet().name().toLowerCase(Locale.ROOT),
        System.getProperty("os.name") + " " + System.getProperty("os.version"),
        System.getProperty("java.version") + " " + System.getProperty("java.vm.name"),
        NativeLibrary.mavenVersion(),
        Map.copyOf(peers),
        accelerator);
  }

  private static String processor() {
    try (Stream<String> lines = Files.lines(CPUINFO)) {
      return lines
          .filter(line -> line.startsWith(MODEL))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElse(System.getProperty("os.arch"));
    } catch (IOException e) {
      return System.getProperty("os.arch");
    }
  }
}
