// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.bindings.InstructionSet;
import dev.octet.bindings.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.bytedeco.javacpp.Loader;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "version",
    description = "Print the version, and what this machine makes of it.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  octet version --verbose", "  OCTET_ISA=avx2 octet version --verbose --json"})
final class VersionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--verbose",
      description = "Also: native library, instruction sets, threads, CUDA, libtorch, JVM.")
  private boolean verbose;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  /** The answer to {@code octet --version}. */
  static final class Provider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"octet " + NativeLibrary.mavenVersion()};
    }
  }

  @Override
  public Integer call() {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("version", NativeLibrary.mavenVersion());
    if (verbose) {
      facts.put("native_library", NativeLibrary.path());
      facts.put("native_version", NativeLibrary.version());
      facts.put("instruction_set", name(NativeLibrary.instructionSet()));
      facts.put(
          "instruction_sets_available",
          Arrays.stream(InstructionSet.values())
              .filter(NativeLibrary::isAvailable)
              .map(VersionCommand::name)
              .toList());
      facts.put("threads", NativeLibrary.threads());
      facts.put("cuda", cuda());
      facts.put("libtorch", presetsVersion());
      facts.put("platform", Loader.getPlatform());
      facts.put(
          "java", System.getProperty("java.version") + " " + System.getProperty("java.vm.name"));
    }
    spec.commandLine().getOut().println(json ? Report.json(facts) : text(facts));
    return 0;
  }

  /** The devices, or what is missing. */
  private static Object cuda() {
    String reason = NativeLibrary.whyNoCuda();
    return reason.isEmpty() ? NativeLibrary.cudaDevices() : "not available: " + reason;
  }

  /** The version of the presets' jar, which begins with that of libtorch. */
  private static String presetsVersion() {
    try {
      return Loader.getVersion("org.bytedeco", "pytorch");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(InstructionSet isa) {
    return isa.name().toLowerCase(Locale.ROOT);
  }

  private static String text(Map<String, Object> facts) {
    if (facts.size() == 1) {
      return "octet " + facts.get("version");
    }
    List<List<String>> rows = new ArrayList<>();
    facts.forEach((name, value) -> rows.add(List.of(name.replace('_', ' '), text(value))));
    return Report.table(rows);
  }

  private static String text(Object value) {
    return value instanceof List<?> list
        ? String.join(", ", list.stream().map(String::valueOf).toList())
        : String.valueOf(value);
  }
}
