// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.convert.QuantizationMapJson;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.state.CalibrationFile;
import dev.octet.quantization.transform.BatchNormFolding;
import dev.octet.quantization.tree.ModuleTree;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Module;

/**
 * A model beside what a map and data make of it.
 *
 * @param original the float model, in eval mode
 * @param converted the simulated one, its ranges fixed
 * @param data the calibration data
 * @param map the map
 * @param batches how many batches were used
 */
record CalibratedModel(
    Module original, Module converted, CalibrationFile data, QuantizationMap map, int batches)
    implements AutoCloseable {

  /**
   * Opens, converts and calibrates a model.
   *
   * @param model the name of the model, see {@link ModelSource}
   * @param options map and data
   * @param foldBatchNorm whether BatchNorm is folded into the layers before it first
   * @param form makes the model one of the kind that is needed; the identity as a rule
   */
  static CalibratedModel of(
      String model, ConversionOptions options, boolean foldBatchNorm, UnaryOperator<Module> form)
      throws IOException {
    QuantizationMap map = new QuantizationMapJson().read(options.map());
    Module original = open(model, options, foldBatchNorm, form);
    CalibrationFile data = null;
    Module converted = null;
    try {
      data = CalibrationFile.open(options.calibration(), original, options.batchSize());
      converted = convert(original, map, () -> open(model, options, foldBatchNorm, form));
      int used = calibrate(converted, data, options.batches());
      return new CalibratedModel(original, converted, data, map, used);
    } catch (IOException | RuntimeException e) {
      close(original, converted, data);
      throw e;
    }
  }

  /** Opens a model a second time. */
  private interface Reopening {
    Module open() throws IOException;
  }

  private static Module open(
      String model, ConversionOptions options, boolean foldBatchNorm, UnaryOperator<Module> form)
      throws IOException {
    Module original = form.apply(ModelSource.open(model, options.classPath()));
    original.eval();
    if (foldBatchNorm) {
      BatchNormFolding.fold(original);
    }
    return original;
  }

  /** Graphs can be copied; a Java class is made a second time. */
  private static Module convert(Module original, QuantizationMap map, Reopening reopening) {
    if (original instanceof GraphModule) {
      return Conversion.convertToQuantized(original, map);
    }
    return Conversion.convertToQuantized(
        original,
        map,
        () -> {
          try {
            return reopening.open();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private static int calibrate(Module converted, CalibrationFile data, int batches) {
    try (Terminal.Progress progress =
        Terminal.progress("calibrate", Math.min(batches, data.batches()))) {
      return data.calibrate(converted, batches, (done, of) -> progress.step());
    }
  }

  @Override
  public void close() {
    close(original, converted, data);
  }

  private static void close(Module original, Module converted, CalibrationFile data) {
    if (data != null) {
      data.close();
    }
    if (converted != null) {
      ModuleTree.close(converted);
    }
    ModuleTree.close(original);
  }
}
