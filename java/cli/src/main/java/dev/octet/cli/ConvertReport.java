// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.state.StateFile;
import dev.octet.quantization.tree.ModuleCall;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;

/**
 * What a conversion did, and how far the outputs are from the float model's.
 *
 * @param modules what became of every module
 * @param calibrationBatches the number of batches used
 * @param samples the number of samples compared
 * @param signalToNoise of all float outputs together, in decibels
 * @param maxError the largest absolute difference of an output
 * @param maxOutput the largest absolute float output
 */
record ConvertReport(
    InspectReport modules,
    @JsonProperty("calibration_batches") int calibrationBatches,
    long samples,
    @JsonProperty("signal_to_noise_db") double signalToNoise,
    @JsonProperty("max_error") double maxError,
    @JsonProperty("max_output") double maxOutput) {

  /**
   * Converts and calibrates a model.
   *
   * @param output where to write the result; null: nowhere
   */
  static ConvertReport convert(
      String model, ConversionOptions options, boolean foldBatchNorm, Path output)
      throws IOException {
    try (CalibratedModel calibrated =
        CalibratedModel.of(model, options, foldBatchNorm, UnaryOperator.identity())) {
      ConvertReport report = of(calibrated);
      if (output != null) {
        StateFile.save(calibrated.converted(), output);
      }
      return report;
    }
  }

  private static ConvertReport of(CalibratedModel model) {
    OutputDifference difference = new OutputDifference();
    try (NoGradGuard noGrad = new NoGradGuard()) {
      for (Object[] batch : model.data()) {
        Object exact = ModuleCall.forward(model.original(), batch);
        Object quantized = ModuleCall.forward(model.converted(), batch);
        difference.add(Outputs.tensors(exact), Outputs.tensors(quantized));
        Outputs.close(exact);
        Outputs.close(quantized);
        Outputs.close(Arrays.asList(batch));
      }
    }
    return new ConvertReport(
        InspectReport.of(ConversionPlan.of(model.original(), model.map()), true),
        model.batches(),
        model.data().samples(),
        difference.signalToNoise(),
        difference.largest(),
        difference.largestWanted());
  }

  String text(Path output) {
    return modules.text()
        + String.format(
            "%n%ncalibrated on %d batches; outputs of %d samples against the float model's:%n"
                + "signal to noise %.1f dB, largest difference %.4g (largest output %.4g)%s",
            calibrationBatches,
            samples,
            signalToNoise,
            maxError,
            maxOutput,
            output == null ? "" : String.format("%nwritten to %s", output));
  }
}
