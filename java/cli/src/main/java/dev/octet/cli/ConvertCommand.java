// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

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
    name = "convert",
    description = {
      "Convert a model by a map, calibrate it on data, and compare its outputs with the float"
          + " model's.",
      "",
      "The result is a safetensors file with the parameters and the ranges. In a program, import"
          + " and convert the model in the same way and load that file with StateFile.load."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet convert --map map.json --calibration data.safetensors model.pt",
      "  octet convert --map map.json --calibration data.safetensors --output model.safetensors"
          + " model.pt"
    })
final class ConvertCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "MODEL", description = "A TorchScript file, 'digits', or a class.")
  private String model;

  @Mixin private ConversionOptions conversion;

  @Option(
      names = "--fold-batch-norm",
      description = "First fold BatchNorm into the layers before it.")
  private boolean foldBatchNorm;

  @Option(names = "--output", paramLabel = "FILE", description = "Where to write the result.")
  private Path output;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    conversion.check();
    ConvertReport report = ConvertReport.convert(model, conversion, foldBatchNorm, output);
    spec.commandLine().getOut().println(json ? Report.json(report) : report.text(output));
    return 0;
  }
}
