// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.benchmarks.Comparison;
import dev.octet.benchmarks.InterleavedRunner;
import dev.octet.benchmarks.Machine;
import dev.octet.benchmarks.Measurement;
import dev.octet.benchmarks.Suite;
import dev.octet.benchmarks.Suites;
import dev.octet.bindings.NativeLibrary;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.global.torch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "bench",
    description = {
      "Measure Octet beside what one would use instead, in one process and in turns.",
      "",
      "Each row is a median over rounds; a ratio above 1 says how many times better Octet was. A"
          + " figure that there is not, as on an emulated device or of a missing peer, is \"-\".",
      "",
      "The suite cuda needs a CUDA device and, beside Octet's jars, the one with the native part of"
          + " JavaCPP's presets for CUDA (org.bytedeco:cuda with the classifier of the platform): put"
          + " it into the folder lib of the command.",
      ""
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet bench --suite fake-quant",
      "  octet bench --suite ranges --threads 1 --rounds 21 --json ranges.json",
      "  octet bench --suite cuda --json gpu.json"
    })
final class BenchCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--suite",
      required = true,
      paramLabel = "NAME",
      completionCandidates = SuiteNames.class,
      description = "One of: ${COMPLETION-CANDIDATES}.")
  private String suite;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      arity = "0..1",
      fallbackValue = "-",
      description = "Write the rows as JSON to the file, or to stdout without one.")
  private String json;

  @Option(
      names = "--rounds",
      defaultValue = "11",
      description = "Rounds that count (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--slice",
      paramLabel = "MS",
      defaultValue = "40",
      description = "Milliseconds each way runs in a round (default: ${DEFAULT-VALUE}).")
  private int slice;

  @Option(
      names = "--threads",
      description = "Threads for Octet and its peers (default: what each takes).")
  private Integer threads;

  /** For the help and for completion. */
  static final class SuiteNames extends ArrayList<String> {
    private static final long serialVersionUID = 1L;

    SuiteNames() {
      super(Suites.names());
    }
  }

  @Override
  public Integer call() throws IOException {
    if (!Suites.names().contains(suite)) {
      throw new ParameterException(
          spec.commandLine(),
          "suite is '" + suite + "', expected one of " + String.join(", ", Suites.names()));
    }
    if (rounds < 1 || slice < 1) {
      throw new ParameterException(spec.commandLine(), "--rounds and --slice must be at least 1");
    }
    if (threads != null) {
      NativeLibrary.setThreads(threads);
      torch.set_num_threads(threads);
    }
    List<Measurement> rows = new ArrayList<>();
    String accelerator;
    try (Suite chosen = Suites.open(suite);
        Terminal.Progress progress =
            Terminal.progress("bench " + suite, chosen.comparisons().size())) {
      accelerator = chosen.accelerator();
      InterleavedRunner runner = new InterleavedRunner(rounds, slice, Machine.here(chosen));
      for (Comparison comparison : chosen.comparisons()) {
        progress.message(comparison.name());
        rows.addAll(runner.run(suite, comparison));
        progress.step();
      }
    }
    if (json != null && !json.equals("-")) {
      Files.writeString(Path.of(json), Report.json(rows) + "\n");
    }
    PrintWriter out = spec.commandLine().getOut();
    if ("-".equals(json)) {
      out.println(Report.json(rows));
      return 0;
    }
    if (accelerator != null) {
      out.println(accelerator);
    }
    out.println(table(rows));
    return 0;
  }

  private static String table(List<Measurement> rows) {
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.of("measurement", "octet", "peer", "unit", "ratio", "peer is"));
    for (Measurement row : rows) {
      cells.add(
          List.of(
              row.name(),
              number(row.ours()),
              number(row.peer()),
              row.unit(),
              number(row.ratio()),
              row.peerName()));
    }
    return Report.table(cells);
  }

  private static String number(Double value) {
    if (value == null) {
      return "-";
    }
    return String.format(Locale.ROOT, value < 10 ? "%.3f" : "%.1f", value);
  }
}
