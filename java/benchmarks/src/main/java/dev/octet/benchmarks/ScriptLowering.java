// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.WeightQuantConfig;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.lower.Lowering;
import dev.octet.quantization.lower.LoweringOptions;
import dev.octet.quantization.state.Calibration;
import dev.octet.quantization.torchscript.TorchScriptImporter;
import dev.octet.quantization.transform.BatchNormFolding;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** From TorchScript files of networks for images to programs in integers. */
final class ScriptLowering {
  static final ActivationQuantConfig ACTIVATIONS =
      ActivationQuantConfig.builder().nBits(8).symmetric(false).build();
  static final WeightQuantConfig WEIGHTS =
      WeightQuantConfig.builder().nBits(8).perChannel(true).build();
  static final QuantizationConfig WEIGHTS_ONLY =
      new QuantizationConfig(ActivationQuantConfig.none(), WEIGHTS);

  private static final int BATCH = 2;

  private ScriptLowering() {}

  /** Returns a map in the making that quantizes activations and weights as above by default. */
  static QuantizationMap.Builder map() {
    return QuantizationMap.builder().defaultQConfig(new QuantizationConfig(ACTIVATIONS, WEIGHTS));
  }

  /**
   * Converts a network whose batch normalizations are folded, calibrates it on random images and
   * lowers it.
   *
   * @return a program that takes images {@code x}, f32 [batch, 3, size, size]
   * @throws IOException if the file can't be read
   */
  static LoweredModel lower(Path script, QuantizationMap map, int size) throws IOException {
    try (PointerScope scope = new PointerScope()) {
      GraphModule model = (GraphModule) TorchScriptImporter.load(script).model();
      model.eval();
      BatchNormFolding.fold(model);
      GraphModule converted = (GraphModule) Conversion.convertToQuantized(model, map);
      Tensor images = torch.randn(BATCH, 3, size, size);
      Calibration.calibrateQuantizationRanges(converted, List.of(images));
      return Lowering.toProgram(
          converted,
          LoweringOptions.builder()
              .input(converted.inputs().get(0), images, "batch", null, null, null)
              .build());
    }
  }

  /**
   * Writes a network to a file of its own for as long as it takes, and lowers it.
   *
   * @param writer writes the network to the file it is given
   */
  static LoweredModel lower(Consumer<Path> writer, QuantizationMap map, int size)
      throws IOException {
    Path script = Files.createTempFile("octet-network", ".pt");
    try {
      writer.accept(script);
      return lower(script, map, size);
    } finally {
      Files.deleteIfExists(script);
    }
  }
}
