// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** The options of every command that converts and calibrates a model. */
final class ConversionOptions {
  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(names = "--map", paramLabel = "FILE", description = "The quantization map as JSON.")
  private Path map;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description = {
        "A safetensors file with a tensor for every input, named after it, samples along dimension"
            + " 0."
      })
  private Path calibration;

  @Option(
      names = "--batch-size",
      paramLabel = "N",
      defaultValue = "32",
      description = "Samples in a batch (default: ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--batches",
      paramLabel = "N",
      defaultValue = "20",
      description = "At most so many batches are used (default: ${DEFAULT-VALUE}).")
  private int batches;

  @Option(
      names = "--class-path",
      paramLabel = "PATHS",
      defaultValue = "",
      description = "Jars and folders with the model's class, separated as the platform does.")
  private String classPath;

  /** Tells whether there is a conversion to be done. */
  boolean isGiven() {
    return map != null || calibration != null;
  }

  /** Checks what picocli does not. */
  void check() {
    require("--map", map);
    require("--calibration", calibration);
    if (batchSize < 1 || batches < 1) {
      throw new ParameterException(
          spec.commandLine(), "--batch-size and --batches must be at least 1");
    }
  }

  private void require(String option, Path value) {
    if (value == null) {
      throw new ParameterException(
          spec.commandLine(), "Missing required option: '" + option + "=FILE'");
    }
  }

  Path map() {
    return map;
  }

  Path calibration() {
    return calibration;
  }

  int batchSize() {
    return batchSize;
  }

  int batches() {
    return batches;
  }

  List<Path> classPath() {
    return ModelSource.paths(classPath);
  }
}
