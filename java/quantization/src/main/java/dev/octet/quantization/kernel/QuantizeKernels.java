// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import static dev.octet.bindings.NativeLibrary.check;

import dev.octet.bindings.global.octet;
import org.bytedeco.pytorch.Tensor;

/**
 * Quantization of tensors by the native library.
 *
 * <p>The formulas are those of the C API's {@code fake_quantize.h} and {@code quantize.h}. Nothing
 * is copied or allocated; outputs come from the caller. All methods are safe for use by several
 * threads and throw {@link IllegalArgumentException} for tensors they don't take, {@link
 * UnsupportedOperationException} for a device without a backend; the message has the library's
 * words.
 */
public final class QuantizeKernels {
  private QuantizeKernels() {}

  /**
   * Snaps values to a grid.
   *
   * @param x f32, f16 or bf16, any strides
   * @param out like x; may be x itself
   */
  public static void fakeQuantize(Grid grid, Tensor x, Tensor out) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_fake_quantize(
            frame.grid(grid), frame.tensor(x, "x"), frame.tensor(out, "out"), null));
  }

  /**
   * Snaps values to a grid and computes the derivatives of every element.
   *
   * @param x f32, f16 or bf16, any strides
   * @param out like x; null: not wanted
   * @param dX the derivative by x, like x; null: not wanted
   * @param dDelta the derivative by delta, like x; null: not wanted
   * @param dZero the derivative by the float zero point, like x; null: not wanted
   */
  public static void partials(
      Grid grid, Tensor x, Tensor out, Tensor dX, Tensor dDelta, Tensor dZero) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_fake_quantize_partials(
            frame.grid(grid),
            frame.tensor(x, "x"),
            frame.tensor(out, "out"),
            frame.tensor(dX, "d_x"),
            frame.tensor(dDelta, "d_delta"),
            frame.tensor(dZero, "d_zero"),
            null));
  }

  /**
   * Computes the integers that values become.
   *
   * @param x f32, f16 or bf16, any strides
   * @param codes shape of x, s8, u8, s32 or f32; the grid must fit the type
   */
  public static void quantize(Grid grid, Tensor x, Tensor codes) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_quantize(
            frame.grid(grid), frame.tensor(x, "x"), frame.tensor(codes, "codes"), null));
  }

  /**
   * Looks for a value that is not on a grid; NaN is on none.
   *
   * @param grid one for all of x
   * @param x f32, any strides
   * @return the number of the first one in row-major order, -1 if there is none
   */
  public static long firstOffGrid(Grid grid, Tensor x) {
    CallFrame frame = CallFrame.next();
    check(octet.octet_first_off_grid(frame.grid(grid), frame.tensor(x, "x"), frame.index(), null));
    return frame.indexResult();
  }

  /**
   * Computes the scale and the zero point that the other methods use.
   *
   * @param scale f32, compact, as many elements as the grid's delta; null: not wanted
   * @param zeroPoint likewise
   */
  public static void resolve(Grid grid, Tensor scale, Tensor zeroPoint) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_grid_resolve(
            frame.grid(grid), frame.tensor(scale, "scale"), frame.tensor(zeroPoint, "zero_point")));
  }
}
