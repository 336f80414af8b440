// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli.demo;

import dev.octet.cli.Terminal;
import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.estimator.CurrentMinMaxParameters;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RunningMinMaxParameters;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.CalibrationProgress;
import dev.octet.quantization.state.QuantizationStates;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The demo: training in floats, conversion at several widths, training with quantization. */
final class Demo {
  private static final int[] BITS = {8, 6, 4, 3, 2};
  private static final int[] TRAINED_BITS = {3, 2};
  private static final int CALIBRATION_BATCH = 50;
  private static final double LEARNING_RATE = 3e-3;
  private static final double QAT_LEARNING_RATE = 3e-3;

  /** A pair of estimators, by the name in the report. */
  record Estimators(
      String name, RangeEstimatorParameters activations, RangeEstimatorParameters weights) {}

  static final Estimators MIN_MAX =
      new Estimators("min-max", new RunningMinMaxParameters(), new CurrentMinMaxParameters());
  private static final Estimators MSE =
      new Estimators("MSE", new MseParameters(), new MseParameters());

  private final long seed;
  private final int epochs;
  private final int qatEpochs;
  private final Terminal.Progress progress;

  Demo(long seed, int epochs, int qatEpochs, Terminal.Progress progress) {
    this.seed = seed;
    this.epochs = epochs;
    this.qatEpochs = qatEpochs;
    this.progress = progress;
  }

  /** Returns the steps of progress that a run takes. */
  static long steps(int epochs, int qatEpochs) {
    return epochs + 2L * BITS.length + (long) TRAINED_BITS.length * qatEpochs;
  }

  DemoReport run() throws IOException {
    long start = System.nanoTime();
    torch.manual_seed(seed);
    // The layers are so small that libtorch's threads would mostly wait for each other.
    torch.set_num_threads(1);
    try (Digits digits = Digits.load(seed);
        PointerScope scope = new PointerScope()) {
      progress.message("training in floats");
      DigitsNet model = new DigitsNet();
      Classifier.train(model, digits.train(), epochs, LEARNING_RATE, progress::step);
      Tensor floatClasses = Classifier.predict(model, digits.test());

      List<DemoReport.Calibrated> calibrated = new ArrayList<>();
      for (Estimators estimators : List.of(MIN_MAX, MSE)) {
        for (int bits : BITS) {
          progress.message(bits + " bits, " + estimators.name());
          calibrated.add(calibrated(model, digits, floatClasses, bits, estimators));
          progress.step();
        }
      }
      List<DemoReport.Trained> trained = new ArrayList<>();
      for (int bits : TRAINED_BITS) {
        progress.message("training at " + bits + " bits");
        trained.add(trained(model, digits, bits));
      }
      return new DemoReport(
          digits.train().size(),
          digits.calibration().size(),
          digits.test().size(),
          Classifier.share(floatClasses, digits.test().labels()),
          calibrated,
          trained,
          (System.nanoTime() - start) / 1e9);
    }
  }

  /**
   * Everything at these bits, weights per channel; the input of the first layer too, the head not.
   */
  static QuantizationMap map(int bits, Estimators estimators) {
    ActivationQuantConfig activations =
        ActivationQuantConfig.builder()
            .nBits(bits)
            .symmetric(false)
            .rangeEstimator(estimators.activations())
            .build();
    WeightQuantConfig weights =
        WeightQuantConfig.builder()
            .nBits(bits)
            .perChannel(true)
            .rangeEstimator(estimators.weights())
            .build();
    QuantizationConfig config = new QuantizationConfig(activations, weights);
    return Conversion.appendDefaultConversions(
        QuantizationMap.builder()
            .defaultQConfig(config)
            .module(BatchNorm2dImpl.class, QuantizedModules.BATCH_NORM2D, config)
            .input("conv1", activations)
            .exclude("head")
            .build());
  }

  /** Converts a network and calibrates its ranges. */
  static DigitsNet convert(DigitsNet model, Digits digits, int bits, Estimators estimators) {
    DigitsNet converted =
        Conversion.convertToQuantized(model, map(bits, estimators), DigitsNet::new);
    List<Tensor> batches = new ArrayList<>();
    for (int i = 0; i + CALIBRATION_BATCH <= digits.calibration().size(); i += CALIBRATION_BATCH) {
      batches.add(digits.calibration().images().narrow(0, i, CALIBRATION_BATCH));
    }
    Calibration.calibrateQuantizationRanges(
        converted, batches, batches.size(), CalibrationProgress.NONE);
    return converted;
  }

  private static DemoReport.Calibrated calibrated(
      DigitsNet model, Digits digits, Tensor floatClasses, int bits, Estimators estimators) {
    try (PointerScope scope = new PointerScope()) {
      DigitsNet converted = convert(model, digits, bits, estimators);
      Tensor classes = Classifier.predict(converted, digits.test());
      return new DemoReport.Calibrated(
          bits,
          estimators.name(),
          Classifier.share(classes, digits.test().labels()),
          integerAccuracy(converted, digits, bits, estimators),
          Classifier.share(classes, floatClasses));
    }
  }

  private DemoReport.Trained trained(DigitsNet model, Digits digits, int bits) {
    try (PointerScope scope = new PointerScope()) {
      DigitsNet converted = convert(model, digits, bits, MSE);
      double before = accuracy(converted, digits);
      QuantizationStates.learnRanges(converted);
      Classifier.train(converted, digits.train(), qatEpochs, QAT_LEARNING_RATE, progress::step);
      QuantizationStates.fixRanges(converted);
      return new DemoReport.Trained(
          bits,
          before,
          accuracy(converted, digits),
          integerAccuracy(converted, digits, bits, MSE),
          qatEpochs);
    }
  }

  private static double integerAccuracy(
      DigitsNet converted, Digits digits, int bits, Estimators estimators) {
    return DigitsProgram.accuracy(
        DigitsProgram.of(converted, map(bits, estimators)), digits.test());
  }

  private static double accuracy(DigitsNet model, Digits digits) {
    return Classifier.share(Classifier.predict(model, digits.test()), digits.test().labels());
  }
}
