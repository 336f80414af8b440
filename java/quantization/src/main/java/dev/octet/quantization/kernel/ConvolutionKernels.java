// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import static dev.octet.bindings.NativeLibrary.check;

import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_conv2d_params;
import org.bytedeco.pytorch.Tensor;

/**
 * Convolutions of integers in two dimensions with packed weights, by the native library.
 *
 * <p>The formulas are those of the C API's {@code conv2d.h}. Packed weights may be used by many
 * calls at the same time; a workspace serves one call at a time. Threads and exceptions as in
 * {@link QuantizeKernels}.
 */
public final class ConvolutionKernels {
  private ConvolutionKernels() {}

  /**
   * How a convolution walks over its input.
   *
   * @param stride vertical, horizontal
   * @param padding zeros: top, left, bottom, right
   * @param dilation vertical, horizontal
   * @param groups number of groups
   */
  public record Window(long[] stride, long[] padding, long[] dilation, long groups) {}

  /**
   * Packs the codes of weights, and the window with them.
   *
   * @param codes s8 or u8 [Cout, Cin / groups, height, width], any strides
   * @param grid of the codes, axis 0 or -1
   * @param fourBits whether codes are kept in half a byte each; they must fit
   * @return the packed weights, owned by the caller
   */
  public static AlignedMemory pack(Tensor codes, Grid grid, boolean fourBits, Window window) {
    int format = ProductKernels.format(fourBits);
    try (octet_conv2d_params params = params(window)) {
      CallFrame frame = CallFrame.next();
      check(
          octet.octet_conv2d_pack_size(
              frame.tensor(codes, "weights"), params, format, frame.size()));
      AlignedMemory packed = new AlignedMemory(frame.sizeResult());
      try {
        frame = CallFrame.next();
        check(
            octet.octet_conv2d_pack(
                frame.tensor(codes, "weights"),
                frame.grid(grid),
                params,
                format,
                packed.start(),
                packed.bytes()));
        return packed;
      } catch (Throwable e) {
        packed.close();
        throw e;
      }
    }
  }

  private static octet_conv2d_params params(Window window) {
    return new octet_conv2d_params()
        .stride_h(Math.toIntExact(window.stride()[0]))
        .stride_w(Math.toIntExact(window.stride()[1]))
        .pad_top(Math.toIntExact(window.padding()[0]))
        .pad_left(Math.toIntExact(window.padding()[1]))
        .pad_bottom(Math.toIntExact(window.padding()[2]))
        .pad_right(Math.toIntExact(window.padding()[3]))
        .dilation_h(Math.toIntExact(window.dilation()[0]))
        .dilation_w(Math.toIntExact(window.dilation()[1]))
        .groups(Math.toIntExact(window.groups()));
  }

  /** Returns height and width of the output for an input of these. */
  public static long[] outSize(AlignedMemory packed, long height, long width) {
    long[] outHeight = new long[1];
    long[] outWidth = new long[1];
    check(
        octet.octet_conv2d_out_size(
            packed.start(), packed.bytes(), height, width, outHeight, outWidth));
    return new long[] {outHeight[0], outWidth[0]};
  }

  /** Returns the bytes of workspace that a convolution of these images takes. */
  public static long workspaceBytes(Tensor x, AlignedMemory packed) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_conv2d_workspace_size(
            frame.images(x, "x"), packed.start(), packed.bytes(), frame.size()));
    return frame.sizeResult();
  }

  /**
   * Convolves images on one grid.
   *
   * @param x floats or codes [N, Cin, H, W] or [Cin, H, W] on {@code xGrid}, any strides
   * @param bias f32 [Cout], compact; null: none
   * @param outGrid of codes in {@code out}; null: floats
   * @param out like x, with Cout channels and the sizes of {@link #outSize}, any strides; it shares
   *     no memory with x
   */
  public static void conv2d(
      Tensor x,
      Grid xGrid,
      AlignedMemory packed,
      Tensor bias,
      Grid outGrid,
      Tensor out,
      AlignedMemory workspace) {
    CallFrame frame = CallFrame.next();
    check(
        octet.octet_conv2d(
            frame.images(x, "x"),
            frame.grid(xGrid),
            packed.start(),
            packed.bytes(),
            frame.epilogue(frame.tensor(bias, "bias"), frame.grid(outGrid)),
            frame.images(out, "out"),
            workspace.start(),
            workspace.bytes(),
            null));
  }
}
