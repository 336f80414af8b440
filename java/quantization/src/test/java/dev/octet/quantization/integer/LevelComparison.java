// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleCall;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.Optional;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Compares outputs of the integer level with those of the simulated one. */
public final class LevelComparison {
  private static final double ROUNDING = 1e-5;

  private LevelComparison() {}

  /** Runs both models on the same arguments; returns how many outputs differ. */
  public static int assertWithinAStep(Module simulated, Module integer, Object... arguments) {
    Tensor expected = (Tensor) ModuleCall.forward(simulated, arguments);
    Tensor actual = (Tensor) ModuleCall.forward(integer, arguments);
    return assertWithin(lastStep(simulated), expected, actual);
  }

  /** Checks shapes and values; returns how many values differ. */
  public static int assertWithin(double step, Tensor expected, Tensor actual) {
    assertArrayEquals(Tensors.shape(expected), Tensors.shape(actual));
    float[] from = Tensors.toFloats(expected);
    float[] to = Tensors.toFloats(actual);
    double magnitude = 0;
    for (float value : from) {
      magnitude = Math.max(magnitude, Math.abs(value));
    }
    int differing = 0;
    for (int i = 0; i < from.length; i++) {
      double difference = Math.abs((double) from[i] - to[i]);
      assertTrue(
          difference <= step * (1 + ROUNDING) + ROUNDING * magnitude,
          "output " + i + " is " + to[i] + ", simulated " + from[i] + ", step " + step);
      differing += difference > ROUNDING * magnitude ? 1 : 0;
    }
    // Float sums lie near an edge now and then only.
    assertTrue(
        differing <= Math.max(2, from.length / 50),
        differing + " of " + from.length + " outputs differ");
    return differing;
  }

  /** Returns the step of the output quantizer of the last layer; 0 if it has none. */
  public static double lastStep(Module model) {
    double step = 0;
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      if (node.module() instanceof QuantizedModule layer) {
        Optional<QuantizationManager> manager = layer.activationQuantizer();
        if (manager.isPresent() && layer.quantizesActivations() && manager.get().isInitialized()) {
          try (Tensor scale = manager.get().quantizer().scale()) {
            step = Tensors.toFloats(scale)[0];
          }
        }
      }
    }
    return step;
  }
}
