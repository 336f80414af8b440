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
 * ResNet-18 as a whole program in integers: the networks that {@link ScriptResNet} writes,
 * converted at 8 bits, calibrated on random images and lowered.
 *
 * <p>Quantizers stand where one pass of an integer kernel ends: in front of every convolution and
 * of every block, whose input the shortcut takes too. Convolutions whose results go through a sum
 * or a ReLU first have none of their own behind them.
 */
public final class QuantizedResNet {
  private static final int STAGES = 4;
  private static final int BLOCKS = 2;

  private QuantizedResNet() {}

  /** Returns what to quantize in a ResNet-18 whose batch normalizations are folded. */
  public static QuantizationMap map() {
    ActivationQuantConfig activations = ScriptLowering.ACTIVATIONS;
    QuantizationConfig weightsOnly = ScriptLowering.WEIGHTS_ONLY;
    QuantizationMap.Builder map = ScriptLowering.map();
    map.input("conv1", activations).input("fc", activations);
    map.instance("conv1", QuantizedModules.CONV2D, weightsOnly);
    map.instance("fc", QuantizedModules.LINEAR, weightsOnly);
    for (int stage = 1; stage <= STAGES; stage++) {
      for (int block = 0; block < BLOCKS; block++) {
        String path = "layer" + stage + "." + block;
        map.input(path, activations).input(path + ".conv2", activations);
        map.instance(path + ".conv1", QuantizedModules.CONV2D, weightsOnly);
        map.instance(path + ".conv2", QuantizedModules.CONV2D, weightsOnly);
      }
    }
    return Conversion.appendDefaultConversions(map.build());
  }

  /**
   * Returns a program that takes images {@code x}, f32 [batch, 3, size, size], and gives scores.
   *
   * @param script a file that {@link ScriptResNet} wrote
   * @param size height and width of images
   * @throws IOException if the file can't be read
   */
  public static LoweredModel lower(Path script, int size) throws IOException {
    return ScriptLowering.lower(script, map(), size);
  }

  /**
   * Returns the program of a network with random weights; see {@link #lower(Path, int)}.
   *
   * @param width channels of the first layer; 64 in ResNet-18
   */
  public static LoweredModel lower(int width, int size) throws IOException {
    return ScriptLowering.lower(script -> ScriptResNet.write(width, script), map(), size);
  }
}
