// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.cli.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the demo found.
 *
 * @param trainImages images the network was trained with
 * @param calibrationImages images the ranges were estimated from
 * @param testImages images the figures are about
 * @param floatAccuracy share of test images that the network in floats classifies right
 * @param calibrated a row for each bit width and estimator
 * @param trained a row for each bit width that was trained with quantization
 * @param seconds time the whole took
 */
record DemoReport(
    @JsonProperty("train_images") int trainImages,
    @JsonProperty("calibration_images") int calibrationImages,
    @JsonProperty("test_images") int testImages,
    @JsonProperty("float_accuracy") double floatAccuracy,
    List<Calibrated> calibrated,
    List<Trained> trained,
    double seconds) {

  /**
   * A network converted and calibrated.
   *
   * @param accuracy share of test images that the simulated network classifies right
   * @param integerAccuracy the same of the network as a program in integers
   * @param agreement share of test images for which the simulated network's class is that of the
   *     network in floats
   */
  record Calibrated(
      int bits,
      String estimator,
      double accuracy,
      @JsonProperty("accuracy_integer") double integerAccuracy,
      double agreement) {}

  /** A network before and after training with quantization, with learned ranges. */
  record Trained(
      int bits,
      @JsonProperty("accuracy_calibrated") double calibrated,
      @JsonProperty("accuracy_trained") double trained,
      @JsonProperty("accuracy_trained_integer") double trainedInteger,
      int epochs) {}

  String text() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of("bits", "range estimator", "simulated", "integer program", "agreement with float"));
    rows.add(List.of("float", "", percent(floatAccuracy), "", ""));
    for (Calibrated row : calibrated) {
      rows.add(
          List.of(
              Integer.toString(row.bits()),
              row.estimator(),
              percent(row.accuracy()),
              percent(row.integerAccuracy()),
              percent(row.agreement())));
    }
    List<List<String>> training = new ArrayList<>();
    training.add(List.of("bits", "calibrated", "after training", "integer program", "epochs"));
    for (Trained row : trained) {
      training.add(
          List.of(
              Integer.toString(row.bits()),
              percent(row.calibrated()),
              percent(row.trained()),
              percent(row.trainedInteger()),
              Integer.toString(row.epochs())));
    }
    return String.format(
        Locale.ROOT,
        """
        Hand-written digits: %d images to train, %d to calibrate, %d to test.

        Accuracy, converted and calibrated (weights and activations, weights per channel):
        %s

        Quantization-aware training with learned ranges:
        %s

        Took %.0f s.""",
        trainImages,
        calibrationImages,
        testImages,
        Report.table(rows),
        Report.table(training),
        seconds);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
