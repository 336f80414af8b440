// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_conv2d_params;
import dev.octet.bindings.octet_epilogue;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * {@code conv2d}: images times weights [Cout, Cin / groups, height, width], in integers, then the
 * epilogue. Images are [N, H, W, C], or [N, C, H, W] for x where {@code x_layout} is {@code nchw},
 * for the output where {@code out_layout} is; a residual has the output's layout.
 *
 * <p>{@code stride} and {@code dilation}: [vertical, horizontal]; {@code padding}: [top, left,
 * bottom, right]. x is codes on a grid, or real numbers with the attribute {@code x_scale}.
 */
final class Conv2dKind extends OperationKind {
  private static final long LARGEST = Integer.MAX_VALUE;

  private record Packed(Address address, long bytes) {}

  Conv2dKind() {
    super(
        GivenGrid.add(
                Epilogue.add(
                    Signature.of("conv2d", 1)
                        .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                        .input("weights", Presence.CONSTANT, Signature.BYTES, GridRule.REQUIRED)),
                "x")
            .attribute(AttributeSpec.list("stride", List.of(1L, 1L), 1, LARGEST))
            .attribute(AttributeSpec.list("padding", List.of(0L, 0L, 0L, 0L), 0, LARGEST))
            .attribute(AttributeSpec.list("dilation", List.of(1L, 1L), 1, LARGEST))
            .attribute(AttributeSpec.integer("groups", 1L, 1, LARGEST))
            .attribute(AttributeSpec.integer("weight_bits", 8L, 4, 8))
            .attribute(AttributeSpec.choice("x_layout", ImageLayout.class, ImageLayout.NHWC))
            .attribute(AttributeSpec.choice("out_layout", ImageLayout.class, ImageLayout.NHWC))
            .build());
  }

  private static ImageLayout xLayout(OperationView operation) {
    return operation.choice("x_layout", ImageLayout.class);
  }

  private static ImageLayout outLayout(OperationView operation) {
    return operation.choice("out_layout", ImageLayout.class);
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 4, 4);
    operation.requireRank("weights", 4, 4);
    Value weights = operation.input("weights");
    if (weights.grid().axis() > 0) {
      throw operation.error(
          "input 'weights' has a grid along axis "
              + weights.grid().axis()
              + "; expected axis 0 (output channels) or one scale");
    }
    long bits = operation.integer("weight_bits");
    if (bits != 8 && bits != 4) {
      throw operation.error("attribute 'weight_bits' is " + bits + "; expected 8 or 4");
    }
    checkActivations(operation);
    Shape kernel = weights.shape();
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
    Shape x = xLayout(operation).toNhwc(operation.shape("x"));
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

  private static void checkActivations(OperationView operation) {
    boolean codes = operation.input("x").type().isByteCode();
    boolean given = GivenGrid.isGiven(operation, "x");
    if (codes == given) {
      throw operation.error(
          codes
              ? "takes codes and has an attribute 'x_scale' too; expected one"
              : "takes " + operation.input("x").type() + " and has no attribute 'x_scale'");
    }
    GivenGrid.check(operation, "x");
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  @Override
  public Object prepareConstants(ConstantContext context) {
    OperationView operation = context.operation();
    long[] stride = operation.list("stride");
    long[] padding = operation.list("padding");
    long[] dilation = operation.list("dilation");
    octet_conv2d_params params =
        new octet_conv2d_params(context.structs().zeroed(Loader.sizeof(octet_conv2d_params.class)));
    params
        .stride_h((int) stride[0])
        .stride_w((int) stride[1])
        .pad_top((int) padding[0])
        .pad_left((int) padding[1])
        .pad_bottom((int) padding[2])
        .pad_right((int) padding[3])
        .dilation_h((int) dilation[0])
        .dilation_w((int) dilation[1])
        .groups((int) operation.integer("groups"));
    int format =
        operation.integer("weight_bits") == 4
            ? octet.OCTET_WEIGHTS_4_BIT
            : octet.OCTET_WEIGHTS_8_BIT;
    DLTensor weights = context.tensor("weights");
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      NativeLibrary.check(octet.octet_conv2d_pack_size(weights, params, format, bytes));
      NativeBlock block = context.allocate(bytes.get());
      Address packed = new Address(block.address());
      NativeLibrary.check(
          octet.octet_conv2d_pack(
              weights, context.grid("weights"), params, format, packed, block.bytes()));
      return new Packed(packed, block.bytes());
    }
  }

  @Override
  public long workspaceBytes(CallContext context) {
    Packed packed = (Packed) context.constants();
    DLTensor x = xLayout(context.operation()).images(context, "x");
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      NativeLibrary.check(
          octet.octet_conv2d_workspace_size(x, packed.address(), packed.bytes(), bytes));
      return bytes.get();
    }
  }

  @Override
  public NativeCall prepare(CallContext context) {
    OperationView operation = context.operation();
    Packed packed = (Packed) context.constants();
    Address block = packed.address();
    long blockBytes = packed.bytes();
    DLTensor x = xLayout(operation).images(context, "x");
    octet_grid grid = GivenGrid.prepare(context, "x");
    DLTensor out = outLayout(operation).images(context, "out");
    DLTensor residual =
        operation.has("residual") ? outLayout(operation).images(context, "residual") : null;
    octet_epilogue epilogue = Epilogue.prepare(context, residual);
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    return () ->
        octet.octet_conv2d(
            x, grid, block, blockBytes, epilogue, out, workspace, workspaceBytes, null);
  }
}
