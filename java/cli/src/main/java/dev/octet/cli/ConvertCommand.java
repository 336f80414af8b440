// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.convert.QuantizationMapJson;
import dev.octet.quantization.state.CalibrationFile;
import dev.octet.quantization.state.StateFile;
import dev.octet.quantization.transform.BatchNormFolding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.bytedeco.pytorch.Module;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
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

  @Option(
      names = "--map",
      paramLabel = "FILE",
      required = true,
      description = "The quantization map as JSON.")
  private Path map;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      required = true,
      description = {
        "A safetensors file with a tensor for every input, named after it, samples along dimension"
            + " 0."
      })
  private Path calibration;

  @Option(
      names = "--batch-size",
      defaultValue = "32",
      description = "Samples in a batch (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--batches",
      defaultValue = "20",
      description = "At most so many batches are used (default: ${DEFAULT-VALUE}).")
  private int batches;

  @Option(
      names = "--fold-batch-norm",
      description = "First fold BatchNorm into the layers before it.")
  private boolean foldBatchNorm;

  @Option(names = "--output", paramLabel = "FILE", description = "Where to write the result.")
  private Path output;

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
    if (batchSize < 1 || batches < 1) {
      throw new ParameterException(
          spec.commandLine(), "--batch-size and --batches must be at least 1");
    }
    QuantizationMap quantizationMap = new QuantizationMapJson().read(map);
    try (Module original = open();
        CalibrationFile data = CalibrationFile.open(calibration, original, batchSize);
        Module converted = convert(original, quantizationMap)) {
      int used = calibrate(converted, data);
      ConvertReport report = ConvertReport.of(original, converted, data, used, quantizationMap);
      if (output != null) {
        StateFile.save(converted, output);
      }
      spec.commandLine().getOut().println(json ? Report.json(report) : report.text(output));
    }
    return 0;
  }

  private Module open() throws IOException {
    Module original = ModelSource.open(model, ModelSource.paths(classPath));
    original.eval();
    if (foldBatchNorm) {
      BatchNormFolding.fold(original);
    }
    return original;
  }

  /** Imported files can be copied; a Java class is made a second time. */
  private Module convert(Module original, QuantizationMap quantizationMap) {
    if (ModelSource.isFile(model)) {
      return Conversion.convertToQuantized(original, quantizationMap);
    }
    return Conversion.convertToQuantized(
        original,
        quantizationMap,
        () -> {
          try {
            return open();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private int calibrate(Module converted, CalibrationFile data) {
    try (Terminal.Progress progress =
        Terminal.progress("calibrate", Math.min(batches, data.batches()))) {
      return data.calibrate(converted, batches, (done, of) -> progress.step());
    }
  }
}
