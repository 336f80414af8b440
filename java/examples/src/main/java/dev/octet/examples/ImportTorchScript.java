// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.state.CalibrationFile;
import dev.octet.quantization.state.StateFile;
import dev.octet.quantization.torchscript.ImportedModel;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.transform.BatchNormFolding;
import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Module;

/** Imports a TorchScript file, folds its BatchNorm, converts it, and calibrates it on a file. */
public final class ImportTorchScript {
  private ImportTorchScript() {}

  /** Returns the number of batches used for calibration. */
  static int run(Path modelFile, Path samplesFile, Path stateFile) throws IOException {
    try (PointerScope scope = new PointerScope()) {
      // README: import
      ImportedModel imported = TorchScriptImporter.load(modelFile);
      Module model = imported.model();
      System.out.println(imported.report().modules());
      model.eval();
      BatchNormFolding.fold(model);

      QuantizationMap map =
          Conversion.appendDefaultConversions(
              QuantizationMap.builder().defaultQConfig(QuantizationConfig.ofBits(8, 8)).build());
      Module quantized = Conversion.convertToQuantized(model, map);
      int batches;
      try (CalibrationFile samples = CalibrationFile.open(samplesFile, model, 32)) {
        batches = samples.calibrate(quantized);
      }
      StateFile.save(quantized, stateFile);
      // README: end
      return batches;
    }
  }

  /** Takes a TorchScript file, a safetensors file of samples, and the file to write. */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      System.err.println("usage: ImportTorchScript MODEL.pt SAMPLES.safetensors STATE.safetensors");
      System.exit(2);
    }
    int batches = run(Path.of(args[0]), Path.of(args[1]), Path.of(args[2]));
    System.out.printf("calibrated on %d batches%n", batches);
  }
}
