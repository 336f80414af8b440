// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.InvalidProgramException;
import org.bytedeco.pytorch.Tensor;

/** The grids of quantizers, as programs have them: the same scales, zero points and limits. */
final class QuantizerGrids {
  /** The most bits that kernels run in integers. */
  static final int MOST_INTEGER_BITS = 8;

  private static final int MOST_BITS = 24;

  private QuantizerGrids() {}

  /** Tells whether codes of this quantizer are bytes. */
  static boolean isInteger(QuantizationManager manager) {
    int bits = manager.options().nBits();
    return bits >= 1 && bits <= MOST_INTEGER_BITS;
  }

  /**
   * Returns the grid of a quantizer.
   *
   * @param axis the dimension along which its steps lie, if it has several
   * @param where for messages
   */
  static Grid grid(QuantizationManager manager, int axis, Origin where) {
    Quantizer quantizer = manager.quantizer();
    int bits = quantizer.nBits();
    if (bits < 1 || bits > MOST_BITS) {
      throw new LoweringException(
          "a quantizer of "
              + where
              + " has "
              + bits
              + " bits and is switched on; a program needs 1 to "
              + MOST_BITS
              + ". Switch it off, or give it bits in the QuantizationMap");
    }
    try (Tensor scale = quantizer.scale();
        Tensor zeroPoint = quantizer.zeroPoint()) {
      float[] scales = Tensors.toFloats(scale);
      float[] zeros = Tensors.toFloats(zeroPoint);
      int[] zeroPoints = new int[zeros.length];
      for (int i = 0; i < zeros.length; i++) {
        zeroPoints[i] = (int) zeros[i];
      }
      int intMin = (int) quantizer.intMin();
      int intMax = (int) quantizer.intMax();
      return scales.length == 1
          ? Grid.perTensor(scales[0], zeroPoints[0], intMin, intMax)
          : Grid.perChannel(scales, zeroPoints, intMin, intMax, axis);
    } catch (InvalidProgramException e) {
      throw new LoweringException("the quantizer of " + where + " has no usable grid: " + e, e);
    }
  }

  /** Returns the type of the codes of a grid: bytes if they fit, signed if there are negatives. */
  static ElementType type(Grid grid) {
    if (grid.fits(ElementType.S8) && grid.intMin() < 0) {
      return ElementType.S8;
    }
    return grid.fits(ElementType.U8) ? ElementType.U8 : ElementType.S32;
  }

  /** Tells whether codes of a grid fit half a byte, as kernels keep weights. */
  static boolean fitsHalfByte(Grid grid) {
    return grid.intMin() >= -8 && grid.intMax() <= (grid.intMin() < 0 ? 7 : 15);
  }
}
