// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * Transposed convolutions of images, as plain ones: zeros are put between the pixels of the input,
 * as many as the stride says, and the taps of the weights change their order.
 *
 * @param stride vertical and horizontal, as are the others
 * @param padding what is cut off at each side of the result
 * @param outputPadding what is added behind it
 * @param dilation from tap to tap
 * @param groups of channels
 */
record TransposedConvolution(
    long[] stride, long[] padding, long[] outputPadding, long[] dilation, long groups) {

  /**
   * Lowers one.
   *
   * @param weight [Cin, Cout / groups, height, width]
   */
  DraftValue lower(Call call, Tensor weight, DraftValue bias) {
    DraftValue x = call.real(0);
    if (x.sizes().rank() != 4) {
      throw new UnsupportedOperator(
          "its input has " + x.sizes().rank() + " dimensions; programs take [N, C, H, W]");
    }
    long[] window = new long[4];
    DraftValue apart = spread(call, x);
    for (int i = 0; i < 2; i++) {
      long reach = dilation[i] * (weight.size(2 + i) - 1);
      long before = reach - padding[i];
      // Zeros were put behind the last pixel, too.
      long after = reach - padding[i] + outputPadding[i] - (stride[i] - 1);
      apart = cut(call, apart, 2 + i, Math.max(0, -before), Math.max(0, -after));
      window[i] = Math.max(0, before);
      window[2 + i] = Math.max(0, after);
    }
    try (Tensor turned = turned(weight)) {
      Weights weights = new Weights(null, turned, call.origin().path() + ".weight");
      ConvolutionWindow taps = new ConvolutionWindow(new long[] {1, 1}, window, dilation, groups);
      return ConvolutionRules.conv2d(call, apart, null, weights, bias, taps);
    }
  }

  /** Puts zeros behind every pixel, to the right and below. */
  private DraftValue spread(Call call, DraftValue x) {
    if (stride[0] == 1 && stride[1] == 1) {
      return x;
    }
    Sizes sizes = x.sizes();
    Extent height = sizes.get(2);
    Extent width = sizes.get(3);
    Extent one = extent(call, 1);
    String name = call.name();
    DraftValue apart =
        ShapeRules.reshape(call, x, name + "_apart", sizes.replaced(2, 4, height, one, width, one));
    Sizes padded =
        sizes.replaced(2, 4, height, extent(call, stride[0]), width, extent(call, stride[1]));
    DraftValue spread =
        PaddingRules.pad(
            call,
            apart,
            new long[] {0, stride[1] - 1, 0, 0, 0, stride[0] - 1},
            "constant",
            0,
            name + "_zeros",
            padded);
    Sizes together = sizes.replaced(2, 4, times(height, sizes, 0), times(width, sizes, 1));
    return ShapeRules.reshape(call, spread, name + "_spread", together);
  }

  private static Extent extent(Call call, long number) {
    long[] all = new long[call.runs()];
    Arrays.fill(all, number);
    return Extent.of(all);
  }

  private Extent times(Extent size, Sizes sizes, int axis) {
    long[] all = new long[sizes.runs()];
    for (int run = 0; run < all.length; run++) {
      all[run] = size.run(run) * stride[axis];
    }
    return Extent.of(all);
  }

  private static DraftValue cut(Call call, DraftValue x, int axis, long before, long after) {
    if (before == 0 && after == 0) {
      return x;
    }
    Sizes sizes = x.sizes();
    long[] kept = new long[sizes.runs()];
    for (int run = 0; run < kept.length; run++) {
      kept[run] = sizes.get(axis).run(run) - before - after;
    }
    DraftOperation slice =
        call.operation("slice").input("x", x).set("axis", (long) axis).set("start", before);
    if (after > 0) {
      slice.set("end", -after);
    }
    return call.finish(
        slice,
        call.name() + "_cut" + axis,
        x.type(),
        x.grid(),
        sizes.replaced(axis, axis + 1, Extent.of(kept)));
  }

  /** Returns the weights of the plain convolution, [Cout, Cin / groups, height, width]. */
  private Tensor turned(Tensor weight) {
    long in = weight.size(0) / groups;
    long out = weight.size(1);
    long height = weight.size(2);
    long width = weight.size(3);
    try (Tensor grouped = weight.reshape(groups, in, out, height, width);
        Tensor swapped = grouped.transpose(1, 2);
        Tensor flipped = swapped.flip(3, 4)) {
      return flipped.reshape(groups * out, in, height, width);
    }
  }
}
