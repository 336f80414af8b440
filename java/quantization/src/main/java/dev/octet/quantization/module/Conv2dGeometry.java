// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.pad;

import java.util.function.Supplier;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.Conv2dPadding;
import org.bytedeco.pytorch.ConvPaddingMode;
import org.bytedeco.pytorch.DetailConv2dOptions;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/**
 * How a 2-D convolution walks over its input, read once from the layer's options.
 *
 * @param stride height and width
 * @param padding zeros on each side, height and width; null: as {@code paddingName} says
 * @param paddingName "valid" or "same" where the padding was given by name, else null
 * @param dilation height and width
 * @param groups number of groups
 * @param borderMode "reflect", "replicate" or "circular", or null for zeros
 * @param border widths for the border mode: left, right, top, bottom
 */
public record Conv2dGeometry(
    long[] stride,
    long[] padding,
    String paddingName,
    long[] dilation,
    long groups,
    String borderMode,
    long[] border) {
  private static final int VALID = 1;
  private static final int SAME = 2;

  /** Reads the options of a layer. */
  public static Conv2dGeometry of(DetailConv2dOptions options) {
    long[] dilation = pair(options.dilation());
    long[] kernel = pair(options.kernel_size());
    Conv2dPadding given = options.padding();
    int kind = alternative(given::get0, given::get1, given::get2);
    String paddingName = kind == VALID ? "valid" : kind == SAME ? "same" : null;
    long[] padding = paddingName == null ? pair(given.get0()) : null;
    ConvPaddingMode mode = options.padding_mode();
    String borderMode =
        new String[] {null, "reflect", "replicate", "circular"}
            [alternative(mode::get0, mode::get1, mode::get2, mode::get3)];
    long[] border = borderMode == null ? null : border(kernel, dilation, padding, kind);
    return new Conv2dGeometry(
        pair(options.stride()),
        padding,
        paddingName,
        dilation,
        options.groups().get(),
        borderMode,
        border);
  }

  /** Copies a layer's options; the presets have two classes for them. */
  static Conv2dOptions copyOptions(DetailConv2dOptions options) {
    try (LongPointer kernel = new LongPointer(pair(options.kernel_size()))) {
      Conv2dOptions copy =
          new Conv2dOptions(options.in_channels().get(), options.out_channels().get(), kernel);
      copy.stride().put(pair(options.stride()));
      copy.dilation().put(pair(options.dilation()));
      copy.groups().put(options.groups().get());
      copy.bias().put(options.bias().get());
      Conv2dPadding padding = options.padding();
      switch (alternative(padding::get0, padding::get1, padding::get2)) {
        case VALID -> copy.padding().put(padding.get1());
        case SAME -> copy.padding().put(padding.get2());
        default -> copy.padding().put(padding.get0());
      }
      copy.padding_mode().put(options.padding_mode());
      return copy;
    }
  }

  /** Applies a convolution with this geometry; {@code bias} may be undefined. */
  Tensor convolve(Tensor input, Tensor weight, Tensor bias) {
    try (TensorOptional optionalBias =
        bias.defined() ? new TensorOptional(bias) : new TensorOptional()) {
      if (borderMode != null) {
        try (DoubleOptional none = new DoubleOptional();
            Tensor padded = pad(input, border, borderMode, none)) {
          return conv2d(padded, weight, optionalBias, stride, new long[] {0, 0}, dilation, groups);
        }
      }
      return paddingName != null
          ? conv2d(input, weight, optionalBias, stride, paddingName, dilation, groups)
          : conv2d(input, weight, optionalBias, stride, padding, dilation, groups);
    }
  }

  /**
   * Returns how many zeros the convolution itself puts around its input, after the border: top,
   * left, bottom, right. An odd one of "same" comes behind, as in libtorch.
   */
  public long[] zeros(long kernelHeight, long kernelWidth) {
    if (borderMode != null || "valid".equals(paddingName)) {
      return new long[4];
    }
    if (padding != null) {
      return new long[] {padding[0], padding[1], padding[0], padding[1]};
    }
    long vertical = dilation[0] * (kernelHeight - 1);
    long horizontal = dilation[1] * (kernelWidth - 1);
    long top = vertical / 2;
    long left = horizontal / 2;
    return new long[] {top, left, vertical - top, horizontal - left};
  }

  private static long[] border(long[] kernel, long[] dilation, long[] padding, int kind) {
    long[] border = new long[4];
    for (int dimension = 0; dimension < 2; dimension++) {
      long before = padding == null ? 0 : padding[dimension];
      long after = before;
      if (kind == SAME) {
        long total = dilation[dimension] * (kernel[dimension] - 1);
        before = total / 2;
        after = total - before;
      }
      // torch's pad counts dimensions from the last.
      border[2 * (1 - dimension)] = before;
      border[2 * (1 - dimension) + 1] = after;
    }
    return border;
  }

  private static long[] pair(LongPointer pointer) {
    return new long[] {pointer.get(0), pointer.get(1)};
  }

  /** Returns which alternative of a std::variant is set; the presets don't map its index. */
  @SafeVarargs
  private static int alternative(Supplier<? extends Pointer>... getters) {
    RuntimeException last = null;
    for (int i = 0; i < getters.length; i++) {
      try {
        getters[i].get();
        return i;
      } catch (RuntimeException badVariantAccess) {
        last = badVariantAccess;
      }
    }
    throw new IllegalStateException("the layer's options hold an unknown alternative", last);
  }
}
