// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.cli.demo.DemoCommand;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

@Command(
    name = "octet",
    description = "Low-precision PyTorch inference on the JVM.",
    mixinStandardHelpOptions = true,
    versionProvider = VersionCommand.Provider.class,
    synopsisSubcommandLabel = "COMMAND",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:failed; the reason is on stderr", "2:wrong usage"},
    footerHeading = "%nExamples:%n",
    footer = {
      "  octet demo",
      "  octet import model.pt",
      "  octet inspect --map map.json model.pt",
      "  octet convert --map map.json --calibration data.safetensors model.pt",
      "  octet quantize --map map.json --calibration data.safetensors --output model.octet model.pt",
      "  octet run --random --size batch=1 model.octet",
      "  octet report model.octet",
      "  octet bench --suite fake-quant --json result.json"
    },
    subcommands = {
      DemoCommand.class,
      ImportCommand.class,
      InspectCommand.class,
      ConvertCommand.class,
      QuantizeCommand.class,
      RunCommand.class,
      ReportCommand.class,
      BenchCommand.class,
      VersionCommand.class,
      HelpCommand.class
    })
final class OctetCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = "--stack-trace",
      scope = ScopeType.INHERIT,
      description = "Print the stack trace of a failure.")
  boolean stackTrace;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "missing command");
  }
}
