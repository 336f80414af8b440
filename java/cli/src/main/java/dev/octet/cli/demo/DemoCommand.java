// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import dev.octet.cli.Report;
import dev.octet.cli.Terminal;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    description = {
      "Train, convert, calibrate and evaluate a small network on real data, here in the JVM.",
      "",
      "The data are 1,797 hand-written digits, split at random into images for training, for"
          + " calibration and for the figures. The network is converted at 8, 6, 4, 3 and 2 bits"
          + " with per-channel weights, a quantized input and its last layer left in floats, and"
          + " evaluated both as the simulation and as a program that runs in integers; the lowest"
          + " widths are then trained further with quantization in the loop."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  octet demo", "  octet demo --seed 7 --json"})
public final class DemoCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = "--seed",
      defaultValue = "0",
      description = "Seed of the split and of the training (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--epochs",
      defaultValue = "12",
      description = "Epochs of the training in floats (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--qat-epochs",
      defaultValue = "15",
      description = "Epochs of the training with quantization (default: ${DEFAULT-VALUE}).")
  private int qatEpochs;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (epochs < 1 || qatEpochs < 1) {
      throw new ParameterException(
          spec.commandLine(), "--epochs and --qat-epochs must be at least 1");
    }
    PrintWriter out = spec.commandLine().getOut();
    DemoReport report;
    try (Terminal.Progress progress = Terminal.progress("demo", Demo.steps(epochs, qatEpochs))) {
      report = new Demo(seed, epochs, qatEpochs, progress).run();
    }
    out.println(json ? Report.json(report) : report.text());
    out.flush();
    return 0;
  }
}
