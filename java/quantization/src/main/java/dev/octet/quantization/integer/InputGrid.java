// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.tree.CopyContext;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * The grid on which a layer's input lies: that of the quantizer it comes from, whatever range that
 * has at the time of a call.
 *
 * @param manager the quantizer; borrowed
 * @param source what the quantizer belongs to, in words
 */
record InputGrid(QuantizationManager manager, String source) {
  /** Returns the grid as kernels take it. */
  Grid of(Tensor x) {
    return manager.quantizer().grid(x);
  }

  InputGrid copyFor(CopyContext context) {
    return new InputGrid((QuantizationManager) context.copy(manager), source);
  }

  /** Tells whether all values are on the grid; NaN is not. */
  static boolean holds(Tensor x, Grid grid) {
    return QuantizeKernels.firstOffGrid(grid, x) < 0;
  }

  /**
   * Checks that all values are on the grid.
   *
   * @throws IllegalArgumentException that names the layer and the first value that is not
   */
  void require(Tensor x, Grid grid, String layer) {
    long at = QuantizeKernels.firstOffGrid(grid, x);
    if (at >= 0) {
      throw new IllegalArgumentException(offender(x, at, layer));
    }
  }

  private String offender(Tensor x, long at, String layer) {
    float value;
    float nearest;
    try (Tensor flat = x.reshape(-1);
        Tensor one = flat.narrow(0, at, 1);
        Tensor snapped = manager.quantizer().forward(one)) {
      value = Tensors.toFloats(one)[0];
      nearest = Tensors.toFloats(snapped)[0];
    }
    return "input of '"
        + layer
        + "' is "
        + value
        + " at "
        + Arrays.toString(place(at, Tensors.shape(x)))
        + ", which is not on the grid of "
        + source
        + " ("
        + QuantizerWords.grid(manager)
        + (Float.isNaN(value) ? "" : "; the nearest value there is " + nearest)
        + "). The layer was made for inputs from that quantizer: put a quantizer in front of it"
        + " (input_activation_qconfig_map), run the simulated level, or switch checkInputs off to"
        + " have such values rounded";
  }

  private static long[] place(long at, long[] shape) {
    long[] place = new long[shape.length];
    long rest = at;
    for (int i = shape.length - 1; i >= 0; i--) {
      place[i] = rest % shape[i];
      rest /= shape[i];
    }
    return place;
  }
}
