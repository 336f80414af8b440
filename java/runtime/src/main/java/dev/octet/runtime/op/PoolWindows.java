// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.octet_pool2d_params;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import java.util.List;
import org.bytedeco.javacpp.Loader;

/**
 * What pools of images have in common: layouts, and windows by the attributes {@code kernel},
 * {@code stride} (left out: as the kernel) and {@code dilation}, [vertical, horizontal], {@code
 * padding}, [top, left, bottom, right], and {@code ceil_mode}.
 *
 * @param vertical how windows move down
 * @param horizontal how they move to the right
 */
record PoolWindows(Window vertical, Window horizontal) {
  private static final long LARGEST = Integer.MAX_VALUE;
  private static final String DILATION = "dilation";

  /** Adds the layouts of x and of the output. */
  static Signature.Builder addLayouts(Signature.Builder signature) {
    return signature
        .attribute(AttributeSpec.choice("x_layout", ImageLayout.class, ImageLayout.NHWC))
        .attribute(AttributeSpec.choice("out_layout", ImageLayout.class, ImageLayout.NHWC));
  }

  /** Adds the attributes of windows but for the dilation, and the layouts. */
  static Signature.Builder add(Signature.Builder signature) {
    return addLayouts(signature)
        .attribute(AttributeSpec.list("kernel", null, 1, LARGEST))
        .attribute(AttributeSpec.list("stride", List.of(), 1, LARGEST))
        .attribute(AttributeSpec.list("padding", List.of(0L, 0L, 0L, 0L), 0, LARGEST))
        .attribute(AttributeSpec.flag("ceil_mode", false));
  }

  /** Adds the distance of taps. */
  static Signature.Builder addDilation(Signature.Builder signature) {
    return signature.attribute(AttributeSpec.list(DILATION, List.of(1L, 1L), 1, LARGEST));
  }

  /**
   * Reads the attributes.
   *
   * @param dilated whether the kind has a dilation
   */
  static PoolWindows of(OperationView operation, boolean dilated) {
    long[] kernel = operation.numbers("kernel", 2);
    long[] stride = operation.list("stride").length == 0 ? kernel : operation.numbers("stride", 2);
    long[] padding = operation.numbers("padding", 4);
    long[] dilation = dilated ? operation.numbers(DILATION, 2) : new long[] {1, 1};
    boolean ceil = operation.flag("ceil_mode");
    PoolWindows windows =
        new PoolWindows(
            new Window(kernel[0], stride[0], padding[0], padding[2], dilation[0], ceil),
            new Window(kernel[1], stride[1], padding[1], padding[3], dilation[1], ceil));
    check(operation, windows.vertical);
    check(operation, windows.horizontal);
    return windows;
  }

  private static void check(OperationView operation, Window window) {
    long padding = Math.max(window.before(), window.after());
    if (padding >= window.span(operation)) {
      throw operation.error(
          "has "
              + padding
              + " of padding and a window of "
              + window.span(operation)
              + "; expected less padding: no window may lie in it alone");
    }
  }

  /** Returns the shape of x as [N, H, W, C]. */
  static Shape images(OperationView operation) {
    operation.requireRank("x", 4, 4);
    Shape x = xLayout(operation).toNhwc(operation.shape("x"));
    if (x.get(1).is(0) || x.get(2).is(0)) {
      throw operation.error(
          "input 'x' has shape " + operation.shape("x") + "; expected images of some pixels");
    }
    return x;
  }

  static ImageLayout xLayout(OperationView operation) {
    return operation.choice("x_layout", ImageLayout.class);
  }

  static ImageLayout outLayout(OperationView operation) {
    return operation.choice("out_layout", ImageLayout.class);
  }

  /** Returns the shape of the output as it is stored. */
  static Shape out(OperationView operation, Dimension height, Dimension width) {
    Shape x = images(operation);
    return outLayout(operation).fromNhwc(Shape.of(List.of(x.get(0), height, width, x.get(3))));
  }

  /** Returns the shape of the output as it is stored. */
  Shape out(OperationView operation) {
    Shape x = images(operation);
    return out(operation, vertical.size(operation, x.get(1)), horizontal.size(operation, x.get(2)));
  }

  /** Returns the windows as a structure. */
  octet_pool2d_params params(CallContext context) {
    octet_pool2d_params params =
        new octet_pool2d_params(context.structs().zeroed(Loader.sizeof(octet_pool2d_params.class)));
    return params
        .kernel_h((int) vertical.kernel())
        .kernel_w((int) horizontal.kernel())
        .stride_h((int) vertical.stride())
        .stride_w((int) horizontal.stride())
        .pad_top((int) vertical.before())
        .pad_left((int) horizontal.before())
        .pad_bottom((int) vertical.after())
        .pad_right((int) horizontal.after())
        .dilation_h((int) vertical.dilation())
        .dilation_w((int) horizontal.dilation())
        .ceil_mode(vertical.ceil() ? 1 : 0);
  }
}
