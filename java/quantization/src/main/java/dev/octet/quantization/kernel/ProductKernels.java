// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import static dev.octet.bindings.NativeLibrary.check;

import dev.octet.bindings.global.octet;
import org.bytedeco.pytorch.Tensor;

/**
 * Products of integers with packed weights, by the native library.
 *
 * <p>The formulas are those of the C API's {@code gemm.h}: {@code out = epilogue(a * weights^T)}.
 * Packed weights may be used by many calls at the same time; a workspace serves one call at a time.
 * Threads and exceptions as in {@link QuantizeKernels}.
 */
public final class ProductKernels {
  private ProductKernels() {}

  /**
   * Packs the codes of weights.
   *
   * @param codes s8 or u8 [N, K], any strides
   * @param grid of the codes, axis 0 or -1
   * @param fourBits whether codes are kept in half a byte each; they must fit
   * @return the packed weights, owned by the caller
   */
  public static AlignedMemory pack(Tensor codes, Grid grid, boolean fourBits) {
    int format = format(fourBits);
    CallFrame frame = CallFrame.next();
    check(octet.octet_gemm_pack_size(frame.tensor(codes, "weights"), format, frame.size()));
    AlignedMemory packed = new AlignedMemory(frame.sizeResult());
    try {
      frame = CallFrame.next();
      check(
          octet.octet_gemm_pack(
              frame.tensor(codes, "weights"),
              frame.grid(grid),
              format,
              packed.start(),
              packed.bytes()));
      return packed;
    } catch (Throwable e) {
      packed.close();
      throw e;
    }
  }

  static int format(boolean fourBits) {
    return fourBits ? octet.OCTET_WEIGHTS_4_BIT : octet.OCTET_WEIGHTS_8_BIT;
  }

  /**
   * Returns the bytes of workspace that a product of these activations takes.
   *
   * @param a as in {@link #gemm}
   */
  public static long workspaceBytes(Tensor a, AlignedMemory packed) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_gemm_workspace_size(
            frame.matrix(a, "a"), packed.start(), packed.bytes(), frame.size()));
    return frame.sizeResult();
  }

  /**
   * Multiplies activations on one grid.
   *
   * @param a floats or codes [*, K] on {@code aGrid}, whose rows lie in memory at one distance and
   *     have no gaps
   * @param bias f32 [N], compact; null: none
   * @param outGrid of codes in {@code out}; null: floats
   * @param out [*, N], like a; the two share no memory
   */
  public static void gemm(
      Tensor a,
      Grid aGrid,
      AlignedMemory packed,
      Tensor bias,
      Grid outGrid,
      Tensor out,
      AlignedMemory workspace) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_gemm(
            frame.matrix(a, "a"),
            frame.grid(aGrid),
            packed.start(),
            packed.bytes(),
            frame.epilogue(frame.tensor(bias, "bias"), frame.grid(outGrid)),
            frame.matrix(out, "out"),
            workspace.start(),
            workspace.bytes(),
            null));
  }

  /**
   * Multiplies activations on a symmetric grid for every row, taken from the row.
   *
   * @param nBits of the grids, 2 to 8
   * @param eps the least scale
   */
  public static void gemmDynamic(
      Tensor a,
      int nBits,
      float eps,
      AlignedMemory packed,
      Tensor bias,
      Tensor out,
      AlignedMemory workspace) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_gemm_dynamic(
            frame.matrix(a, "a"),
            nBits,
            eps,
            packed.start(),
            packed.bytes(),
            frame.epilogue(frame.tensor(bias, "bias"), null),
            frame.matrix(out, "out"),
            workspace.start(),
            workspace.bytes(),
            null));
  }
}
