// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.convert.QuantizationMapJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Module;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "inspect",
    description = {
      "Print a model's tree, and what a map would do to each of its modules and why.",
      "",
      "Exits with 1 if the map names paths that the model does not have."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet inspect digits",
      "  octet inspect --map map.json digits",
      "  octet inspect --map map.json model.pt",
      "  octet inspect --class-path my.jar --map map.json --json com.example.MyNet"
    })
final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "MODEL",
      description = {
        "A TorchScript file; 'digits', the demo's network; or the name of a class that extends"
            + " Module and has a public constructor without parameters."
      })
  private String model;

  @Option(names = "--map", paramLabel = "FILE", description = "The quantization map as JSON.")
  private Path map;

  @Option(
      names = "--class-path",
      paramLabel = "PATHS",
      defaultValue = "",
      description = "Jars and folders with the model's class, separated as the platform does.")
  private String classPath;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    QuantizationMap quantizationMap =
        map == null ? QuantizationMap.builder().build() : new QuantizationMapJson().read(map);
    try (Module root = ModelSource.open(model, ModelSource.paths(classPath))) {
      InspectReport report =
          InspectReport.of(ConversionPlan.of(root, quantizationMap), map != null);
      spec.commandLine().getOut().println(json ? Report.json(report) : report.text());
      return report.unknownPaths().isEmpty() ? 0 : 1;
    }
  }
}
