// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.ConversionPlan;
import dev.octet.quantization.state.CalibrationFile;
import dev.octet.quantization.tree.ModuleCall;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

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

  static ConvertReport of(
      Module original, Module converted, CalibrationFile data, int batches, QuantizationMap map) {
    double signal = 0;
    double noise = 0;
    double maxError = 0;
    double maxOutput = 0;
    try (NoGradGuard noGrad = new NoGradGuard()) {
      for (Object[] batch : data) {
        Object exact = ModuleCall.forward(original, batch);
        Object quantized = ModuleCall.forward(converted, batch);
        List<Tensor> wanted = Outputs.tensors(exact);
        List<Tensor> given = Outputs.tensors(quantized);
        for (int i = 0; i < wanted.size(); i++) {
          try (Tensor x = wanted.get(i).to(ScalarType.Double);
              Tensor y = given.get(i).to(ScalarType.Double);
              Tensor difference = y.sub(x)) {
            signal += squares(x);
            noise += squares(difference);
            maxOutput = Math.max(maxOutput, largest(x));
            maxError = Math.max(maxError, largest(difference));
          }
        }
        Outputs.close(exact);
        Outputs.close(quantized);
        Outputs.close(Arrays.asList(batch));
      }
    }
    return new ConvertReport(
        InspectReport.of(ConversionPlan.of(original, map), true),
        batches,
        data.samples(),
        10 * Math.log10(signal / Math.max(noise, Double.MIN_NORMAL)),
        maxError,
        maxOutput);
  }

  private static double squares(Tensor x) {
    try (Tensor square = x.mul(x);
        Tensor sum = square.sum()) {
      return sum.item_double();
    }
  }

  private static double largest(Tensor x) {
    if (x.numel() == 0) {
      return 0;
    }
    try (Tensor abs = x.abs();
        Tensor max = abs.max()) {
      return max.item_double();
    }
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
