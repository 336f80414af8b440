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
import java.util.ArrayList;
import java.util.List;

/**
 * MobileNetV3-Large as a whole program in integers: the networks that {@link ScriptMobileNetV3}
 * writes, converted at 8 bits, calibrated on random images and lowered.
 *
 * <p>Quantizers stand where one pass of an integer kernel ends, as in {@link QuantizedResNet}: in
 * front of every layer, and of squeeze and excitation, whose input is squeezed and multiplied. The
 * factors that it is multiplied by stay floats.
 */
public final class QuantizedMobileNetV3 {
  private QuantizedMobileNetV3() {}

  /** Returns what to quantize in a MobileNetV3 whose batch normalizations are folded. */
  public static QuantizationMap map() {
    ActivationQuantConfig activations = ScriptLowering.ACTIVATIONS;
    QuantizationConfig weightsOnly = ScriptLowering.WEIGHTS_ONLY;
    QuantizationMap.Builder map = ScriptLowering.map();
    // The widths do not matter here.
    List<MobileNetV3Block> blocks = MobileNetV3Block.ofWidth(16);
    List<String> inputs = new ArrayList<>(List.of("features.0", "classifier", "classifier.3"));
    List<String> convolutions = new ArrayList<>(List.of("features.0.0"));
    for (MobileNetV3Block block : blocks) {
      inputs.addAll(List.of(block.path(), block.projection()));
      convolutions.addAll(List.of(block.depthwise(), block.projection()));
      if (block.expands()) {
        inputs.add(block.depthwise());
        convolutions.add(block.expansion());
      }
      if (block.excites()) {
        String fc1 = block.excitation() + ".fc1";
        String fc2 = block.excitation() + ".fc2";
        inputs.addAll(List.of(block.excitation(), fc1, fc2));
        convolutions.addAll(List.of(fc1, fc2));
      }
    }
    String last = "features." + (blocks.size() + 1);
    inputs.add(last);
    convolutions.add(last + ".0");
    inputs.forEach(path -> map.input(path, activations));
    convolutions.forEach(path -> map.instance(path, QuantizedModules.CONV2D, weightsOnly));
    map.instance("classifier.0", QuantizedModules.LINEAR, weightsOnly);
    map.instance("classifier.3", QuantizedModules.LINEAR, weightsOnly);
    return Conversion.appendDefaultConversions(map.build());
  }

  /**
   * Returns a program that takes images {@code x}, f32 [batch, 3, size, size], and gives scores.
   *
   * @param script a file that {@link ScriptMobileNetV3} wrote
   * @param size height and width of images
   * @throws IOException if the file can't be read
   */
  public static LoweredModel lower(Path script, int size) throws IOException {
    return ScriptLowering.lower(script, map(), size);
  }

  /**
   * Returns the program of a network with random weights; see {@link #lower(Path, int)}.
   *
   * @param width channels of the first layer; 16 in MobileNetV3-Large
   */
  public static LoweredModel lower(int width, int size) throws IOException {
    return ScriptLowering.lower(script -> ScriptMobileNetV3.write(width, script), map(), size);
  }
}
