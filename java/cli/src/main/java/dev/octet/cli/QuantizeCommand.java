// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "quantize",
    description = {
      "Make an artifact of a model: convert it by a map, calibrate it on data, lower it to a"
          + " program of integer operations, and write that with its weights to one file.",
      "",
      "Prints which operation runs how, and why not in integers. 'octet run' and Session.open run"
          + " the file without PyTorch."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet quantize --map map.json --calibration data.safetensors --output model.octet model.pt",
      "  octet quantize --map map.json --calibration texts.safetensors --shape ids=batch,tokens"
          + " --shape mask=batch,tokens --output encoder.octet encoder.pt",
      "  octet quantize --map map.json --calibration data.safetensors --shape x=1,3,224,224"
          + " --metadata licence=MIT --json --output model.octet model.pt"
    })
final class QuantizeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      description = {
        "A TorchScript file; or the name of a class with a public constructor without parameters"
            + " that is a SequentialImpl or a Supplier of a GraphModule."
      })
  private String model;

  @Mixin private ConversionOptions conversion;

  @Mixin private LoweringSettings lowering;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      required = true,
      description = "Where to write the artifact; replaced if it is there.")
  private Path output;

  @Option(
      names = "--metadata",
      paramLabel = "KEY=TEXT",
      description = "Text to keep in the artifact; can be given several times.")
  private Map<String, String> metadata = new LinkedHashMap<>();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    conversion.check();
    QuantizeReport report = QuantizeReport.quantize(model, conversion, lowering, metadata, output);
    spec.commandLine().getOut().println(json ? Report.json(report) : report.text());
    return 0;
  }
}
