// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import static dev.octet.bindings.NativeLibrary.check;

import dev.octet.bindings.global.octet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Normalisations of rows and look-ups of rows, by the native library.
 *
 * <p>The formulas are those of the C API's {@code norm.h} and {@code embedding.h}. Threads and
 * exceptions as in {@link QuantizeKernels}.
 */
public final class RowKernels {
  private RowKernels() {}

  /**
   * Normalises rows of floats to mean 0 and variance 1, and applies weight and bias.
   *
   * @param x f32; a row is what the last {@code dims} dimensions span, and has no gaps
   * @param eps added to the variance
   * @param weight f32, compact, of the shape of a row; null: 1
   * @param bias likewise; null: 0
   * @param out like x; may be x itself
   */
  public static void layerNorm(
      Tensor x, int dims, float eps, Tensor weight, Tensor bias, Tensor out) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_layer_norm(
            frame.tensor(x, "x"),
            null,
            frame.norm(dims, eps, frame.tensor(weight, "weight"), frame.tensor(bias, "bias")),
            frame.tensor(out, "out"),
            null,
            null));
  }

  /**
   * Packs codes of 4 bits two in a byte.
   *
   * @param codes s8 -8..7 or u8 0..15 [V, D]
   * @return u8 [V, (D + 1) / 2], owned by the caller
   */
  public static Tensor packHalfBytes(Tensor codes) {
    Tensor packed = Tensors.empty(ScalarType.Byte, codes.size(0), (codes.size(1) + 1) / 2);
    try {
      CallFrame frame = CallFrame.next();
      check(
          octet.octet_embedding_pack(frame.tensor(codes, "codes"), frame.tensor(packed, "packed")));
      return packed;
    } catch (Throwable e) {
      packed.close();
      throw e;
    }
  }

  /**
   * Looks rows of codes up and gives their values.
   *
   * @param rows s8 or u8 [V, D], or what {@link #packHalfBytes} made of it
   * @param fourBits which of the two
   * @param grid of the codes, axis 0 or -1
   * @param indices int or long, any shape and strides
   * @param out f32, the shape of indices and D behind it
   */
  public static void embedding(
      Tensor rows, boolean fourBits, Grid grid, Tensor indices, Tensor out) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_embedding(
            frame.table(frame.tensor(rows, "rows"), fourBits ? 4 : 8, frame.grid(grid)),
            frame.tensor(indices, "indices"),
            frame.tensor(out, "out"),
            null,
            null));
  }
}
