// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.quantization.torchscript.ImportedModel;
import dev.octet.quantization.torchscript.TorchScriptImporter;
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
    name = "import",
    description = {
      "Import a model file and print its tree, its operators, its size, and what was recognised."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  octet import model.pt", "  octet import --code model.pt"})
final class ImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "FILE",
      description =
          "A TorchScript file, as torch.jit.save of a traced or scripted model writes it.")
  private Path file;

  @Option(names = "--code", description = "Print the recorded methods of every module, too.")
  private boolean code;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    ImportedModel imported = TorchScriptImporter.load(file);
    double seconds = (System.nanoTime() - start) / 1e9;
    try (Module model = imported.model()) {
      ImportSummary summary = ImportSummary.of(file, imported, seconds, code);
      spec.commandLine().getOut().println(json ? Report.json(summary) : summary.text());
    }
    return 0;
  }
}
