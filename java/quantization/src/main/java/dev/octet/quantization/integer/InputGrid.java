// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.tree.CopyContext;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

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
    try (Tensor snapped = torch.empty_like(x)) {
      QuantizeKernels.fakeQuantize(grid, x, snapped);
      return torch.equal(x, snapped);
    }
  }

  /**
   * Checks that all values are on the grid.
   *
   * @throws IllegalArgumentException that names the layer and the first value that is not
   */
  void require(Tensor x, Grid grid, String layer) {
    if (!holds(x, grid)) {
      throw new IllegalArgumentException(offender(x, grid, layer));
    }
  }

  private String offender(Tensor x, Grid grid, String layer) {
    long[] shape = Tensors.shape(x);
    try (Tensor snapped = torch.empty_like(x)) {
      QuantizeKernels.fakeQuantize(grid, x, snapped);
      float[] values = Tensors.toFloats(x);
      float[] expected = Tensors.toFloats(snapped);
      int at = 0;
      while (at < values.length - 1 && values[at] == expected[at]) {
        at++;
      }
      return "input of '"
          + layer
          + "' is "
          + values[at]
          + " at "
          + Arrays.toString(place(at, shape))
          + ", which is not on the grid of "
          + source
          + " ("
          + QuantizerWords.grid(manager)
          + (Float.isNaN(values[at]) ? "" : "; the nearest value there is " + expected[at])
          + "). The layer was made for inputs from that quantizer: put a quantizer in front of it"
          + " (input_activation_qconfig_map), run the simulated level, or switch checkInputs off to"
          + " have such values rounded";
    }
  }

  private static long[] place(int at, long[] shape) {
    long[] place = new long[shape.length];
    long rest = at;
    for (int i = shape.length - 1; i >= 0; i--) {
      place[i] = rest % shape[i];
      rest /= shape[i];
    }
    return place;
  }
}
