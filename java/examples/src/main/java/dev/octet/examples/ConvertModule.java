// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples;

import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.relu;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.estimator.MseParameters;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.state.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/** Converts a model that is a Java class, calibrates it, saves its state and loads it again. */
public final class ConvertModule {
  private ConvertModule() {}

  /** A model written as the presets' examples are. */
  public static final class Net extends Module {
    private final LinearImpl fc1 = register_module("fc1", new LinearImpl(64, 128));
    private final LinearImpl fc2 = register_module("fc2", new LinearImpl(128, 128));
    private final LinearImpl head = register_module("head", new LinearImpl(128, 10));

    /** Takes f32 {@code [n, 64]}, returns {@code [n, 10]}. */
    public Tensor forward(Tensor x) {
      return head.forward(relu(fc2.forward(relu(fc1.forward(x)))));
    }
  }

  /** Returns the greatest difference between the outputs of the float and the converted model. */
  static double run(Path stateFile) throws IOException {
    try (PointerScope scope = new PointerScope()) {
      Net model = new Net();
      List<Tensor> batches = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        batches.add(randn(32, 64));
      }

      // README: convert
      QuantizationMap map =
          Conversion.appendDefaultConversions(
              QuantizationMap.builder()
                  .defaultQConfig(
                      new QuantizationConfig(
                          ActivationQuantConfig.builder().nBits(8).symmetric(false).build(),
                          WeightQuantConfig.builder()
                              .nBits(8)
                              .perChannel(true)
                              .rangeEstimator(new MseParameters())
                              .build()))
                  .input("fc1", ActivationQuantConfig.ofBits(8))
                  .exclude("head")
                  .build());

      Net quantized = Conversion.convertToQuantized(model, map, Net::new);
      Calibration.calibrateQuantizationRanges(quantized, batches);
      StateFile.save(quantized, stateFile);
      // README: end

      // README: load
      Net served = Conversion.convertToQuantized(new Net(), map, Net::new);
      StateFile.load(served, stateFile);
      served.eval();
      // README: end

      model.eval();
      try (NoGradGuard guard = new NoGradGuard()) {
        Tensor x = randn(32, 64);
        return model.forward(x).sub(served.forward(x)).abs().max().item_double();
      }
    }
  }

  /** Prints how far the converted model's outputs are from the original's. */
  public static void main(String[] args) throws IOException {
    Path file = Files.createTempFile("octet-example", ".safetensors");
    try {
      System.out.printf("greatest difference of an output: %.4f%n", run(file));
    } finally {
      Files.deleteIfExists(file);
    }
  }
}
