// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_conv2d_params;
import dev.octet.bindings.octet_epilogue;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
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
  Conv2dKind() {
    super(
        Convolution.add(
                GivenGrid.add(
                    Epilogue.add(
                        Signature.of("conv2d", 1)
                            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                            .input(
                                "weights", Presence.CONSTANT, Signature.BYTES, GridRule.REQUIRED)),
                    "x"))
            .attribute(AttributeSpec.integer("weight_bits", 8L, 4, 8))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    long bits = operation.integer("weight_bits");
    if (bits != 8 && bits != 4) {
      throw operation.error("attribute 'weight_bits' is " + bits + "; expected 8 or 4");
    }
    checkActivations(operation);
    return Convolution.infer(operation);
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
    octet_conv2d_params params = Convolution.params(context);
    int format =
        context.operation().integer("weight_bits") == 4
            ? octet.OCTET_WEIGHTS_4_BIT
            : octet.OCTET_WEIGHTS_8_BIT;
    DLTensor weights = context.tensor("weights");
    octet_grid grid = context.grid("weights");
    return PackedBlock.of(
        context,
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_conv2d_pack_size(weights, params, format, bytes);
          }
        },
        new PackedBlock.Fill() {
          @Override
          public int run(Address memory, long bytes) {
            return octet.octet_conv2d_pack(weights, grid, params, format, memory, bytes);
          }
        },
        DeviceWeights.CONV2D);
  }

  @Override
  public long workspaceBytes(CallContext context) {
    PackedBlock packed = (PackedBlock) context.constants();
    DLTensor x = Convolution.inLayout(context.operation()).images(context, "x");
    return PackedBlock.bytes(
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_conv2d_workspace_size(x, packed.address(), packed.bytes(), bytes);
          }
        });
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    PackedBlock packed = (PackedBlock) context.constants();
    Address block = packed.address();
    long blockBytes = packed.bytes();
    ImageLayout outLayout = Convolution.outLayout(operation);
    DLTensor x = Convolution.inLayout(operation).images(context, "x");
    octet_grid grid = GivenGrid.prepare(context, "x");
    DLTensor out = outLayout.images(context, "out");
    DLTensor residual = operation.has("residual") ? outLayout.images(context, "residual") : null;
    octet_epilogue epilogue = Epilogue.prepare(context, residual);
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_conv2d(
            x, grid, block, blockBytes, epilogue, out, workspace, workspaceBytes, stream);
      }
    };
  }
}
