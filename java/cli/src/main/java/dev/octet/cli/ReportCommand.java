// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.quantization.lower.LoweringReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "report",
    description = {
      "Say what an artifact holds and how it runs: inputs, outputs, operations and their kernels,"
          + " weights, memory.",
      "",
      "With --map and --calibration, say what would run how if a model were made an artifact: what"
          + " would not be computed in integers, why, and what to add to the map. Nothing is"
          + " written. Exits with 1 if the model can't be lowered as it is."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet report model.octet",
      "  octet report --size batch=8 --program model.octet",
      "  octet report --map map.json --calibration data.safetensors --batches 1 model.pt"
    })
final class ReportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      description =
          "An artifact; or, with --map and --calibration, a model as 'octet quantize'"
              + " takes it.")
  private String file;

  @Mixin private SizeOptions sizes;

  @Option(names = "--program", description = "Print the program of an artifact line by line, too.")
  private boolean program;

  @Mixin private ConversionOptions conversion;

  @Mixin private LoweringSettings lowering;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (conversion.isGiven()) {
      conversion.check();
      LoweringReport report = QuantizeReport.explain(file, conversion, lowering);
      print(json ? report.toJson() : report.toString().stripTrailing());
      return report.isComplete() ? 0 : 1;
    }
    ArtifactReport report = ArtifactReport.of(Path.of(file), sizes, program);
    print(json ? Report.json(report) : report.text());
    return 0;
  }

  private void print(String text) {
    spec.commandLine().getOut().println(text);
  }
}
