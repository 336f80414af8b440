// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.convert.Conversion;
import dev.octet.quantization.lower.LoweredModel;
import dev.octet.quantization.module.QuantizedModules;
import java.io.IOException;
import java.nio.file.Path;

/**
 * MobileNetV2 as a whole program in integers: the networks that {@link ScriptMobileNet} writes,
 * converted at 8 bits, calibrated on random images and lowered.
 *
 * <p>Quantizers stand where one pass of an integer kernel ends, as in {@link QuantizedResNet}.
 */
public final class QuantizedMobileNet {
  private QuantizedMobileNet() {}

  /** Returns what to quantize in a MobileNetV2 whose batch normalizations are folded. */
  public static QuantizationMap map() {
    ActivationQuantConfig activations = ScriptLowering.ACTIVATIONS;
    QuantizationConfig weightsOnly = ScriptLowering.WEIGHTS_ONLY;
    QuantizationMap.Builder map = ScriptLowering.map();
    // The widths do not matter here.
    var blocks = MobileNetBlock.ofWidth(32);
    String last = "features." + (blocks.size() + 1);
    map.input("features.0", activations).input(last, activations);
    map.instance("features.0.0", QuantizedModules.CONV2D, weightsOnly);
    map.instance(last + ".0", QuantizedModules.CONV2D, weightsOnly);
    map.input("classifier", activations);
    map.instance("classifier.1", QuantizedModules.LINEAR, weightsOnly);
    for (MobileNetBlock block : blocks) {
      map.input(block.path(), activations).input(block.projection(), activations);
      map.instance(block.depthwise(), QuantizedModules.CONV2D, weightsOnly);
      map.instance(block.projection(), QuantizedModules.CONV2D, weightsOnly);
      if (block.expands()) {
        map.input(block.depthwise(), activations);
        map.instance(block.expansion(), QuantizedModules.CONV2D, weightsOnly);
      }
    }
    return Conversion.appendDefaultConversions(map.build());
  }

  /**
   * Returns a program that takes images {@code x}, f32 [batch, 3, size, size], and gives scores.
   *
   * @param script a file that {@link ScriptMobileNet} wrote
   * @param size height and width of images
   * @throws IOException if the file can't be read
   */
  public static LoweredModel lower(Path script, int size) throws IOException {
    return ScriptLowering.lower(script, map(), size);
  }

  /**
   * Returns the program of a network with random weights; see {@link #lower(Path, int)}.
   *
   * @param width channels of the first layer; 32 in MobileNetV2
   */
  public static LoweredModel lower(int width, int size) throws IOException {
    return ScriptLowering.lower(script -> ScriptMobileNet.write(width, script), map(), size);
  }
}
