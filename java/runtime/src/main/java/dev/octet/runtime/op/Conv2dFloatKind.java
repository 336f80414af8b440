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
 * {@code conv2d_float}: images times weights [Cout, Cin / groups, height, width], in floats, then
 * the epilogue. Layouts and attributes are those of {@code conv2d}.
 *
 * <p>Codes, of x or of the weights, stand for their values; weights are made floats once, when they
 * are packed.
 */
final class Conv2dFloatKind extends OperationKind {
  Conv2dFloatKind() {
    super(
        Convolution.add(
                Epilogue.add(
                    Signature.of("conv2d_float", 1)
                        .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                        .input(
                            "weights",
                            Presence.CONSTANT,
                            Signature.FLOATS_AND_BYTES,
                            GridRule.REQUIRED)))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    return Convolution.infer(operation);
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  @Override
  public Object prepareConstants(ConstantContext context) {
    octet_conv2d_params params = Convolution.params(context);
    DLTensor weights = context.tensor("weights");
    octet_grid grid = context.grid("weights");
    return PackedBlock.of(
        context,
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_conv2d_float_pack_size(weights, params, bytes);
          }
        },
        new PackedBlock.Fill() {
          @Override
          public int run(Address memory, long bytes) {
            return octet.octet_conv2d_float_pack(weights, grid, params, memory, bytes);
          }
        },
        DeviceWeights.CONV2D_FLOAT);
  }

  @Override
  public long workspaceBytes(CallContext context) {
    PackedBlock packed = (PackedBlock) context.constants();
    DLTensor x = Convolution.inLayout(context.operation()).images(context, "x");
    return PackedBlock.bytes(
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_conv2d_float_workspace_size(
                x, packed.address(), packed.bytes(), bytes);
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
    octet_grid grid = context.grid("x");
    DLTensor out = outLayout.images(context, "out");
    DLTensor residual = operation.has("residual") ? outLayout.images(context, "residual") : null;
    octet_epilogue epilogue = Epilogue.prepare(context, residual);
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_conv2d_float(
            x, grid, block, blockBytes, epilogue, out, workspace, workspaceBytes, stream);
      }
    };
  }
}
