// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.octet_conv2d_params;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;

/** What convolutions in integers and in floats have in common: windows, groups and layouts. */
final class Convolution {
  private static final long LARGEST = Integer.MAX_VALUE;

  private Convolution() {}

  /** Adds the attributes. */
  static Signature.Builder add(Signature.Builder signature) {
    return signature
        .attribute(AttributeSpec.list("stride", List.of(1L, 1L), 1, LARGEST))
        .attribute(AttributeSpec.list("padding", List.of(0L, 0L, 0L, 0L), 0, LARGEST))
        .attribute(AttributeSpec.list("dilation", List.of(1L, 1L), 1, LARGEST))
        .attribute(AttributeSpec.integer("groups", 1L, 1, LARGEST))
        .attribute(AttributeSpec.choice("x_layout", ImageLayout.class, ImageLayout.NHWC))
        .attribute(AttributeSpec.choice("out_layout", ImageLayout.class, ImageLayout.NHWC));
  }

  static ImageLayout inLayout(OperationView operation) {
    return operation.choice("x_layout", ImageLayout.class);
  }

  static ImageLayout outLayout(OperationView operation) {
    return operation.choice("out_layout", ImageLayout.class);
  }

  /** Checks shapes, attributes and the epilogue, and finds the shape of the output. */
  static Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 4, 4);
    operation.requireRank("weights", 4, 4);
    Grid grid = operation.input("weights").grid();
    if (grid != null && grid.axis() > 0) {
      throw operation.error(
          "input 'weights' has a grid along axis "
              + grid.axis()
              + "; expected axis 0 (output channels) or one scale");
    }
    Shape kernel = operation.shape("weights");
    long groups = operation.integer("groups");
    long outChannels = kernel.get(0).value();
    if (outChannels % groups != 0) {
      throw operation.error(
          "has "
              + groups
              + " groups; expected a divisor of the "
              + outChannels
              + " output channels of the weights "
              + kernel);
    }
    Shape x = inLayout(operation).toNhwc(operation.shape("x"));
    operation.requireSize(
        "the number of channels of input 'x'", x.get(3), kernel.get(1).times(Dimension.of(groups)));
    long[] stride = operation.numbers("stride", 2);
    long[] padding = operation.numbers("padding", 4);
    long[] dilation = operation.numbers("dilation", 2);
    Window vertical =
        new Window(kernel.get(2).value(), stride[0], padding[0], padding[2], dilation[0], false);
    Window horizontal =
        new Window(kernel.get(3).value(), stride[1], padding[1], padding[3], dilation[1], false);
    Dimension height = vertical.size(operation, x.get(1));
    Dimension width = horizontal.size(operation, x.get(2));
    Shape out = Shape.of(List.of(x.get(0), height, width, kernel.get(0)));
    Shape stored = outLayout(operation).fromNhwc(out);
    Epilogue.check(operation, kernel.get(0), stored);
    return Map.of("out", stored);
  }

  /** Returns the attributes as a structure. */
  static octet_conv2d_params params(ConstantContext context) {
    OperationView operation = context.operation();
    long[] stride = operation.list("stride");
    long[] padding = operation.list("padding");
    long[] dilation = operation.list("dilation");
    octet_conv2d_params params =
        new octet_conv2d_params(context.structs().zeroed(Loader.sizeof(octet_conv2d_params.class)));
    return params
        .stride_h((int) stride[0])
        .stride_w((int) stride[1])
        .pad_top((int) padding[0])
        .pad_left((int) padding[1])
        .pad_bottom((int) padding[2])
        .pad_right((int) padding[3])
        .dilation_h((int) dilation[0])
        .dilation_w((int) dilation[1])
        .groups((int) operation.integer("groups"));
  }
}
