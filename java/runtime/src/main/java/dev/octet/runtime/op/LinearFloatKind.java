// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_epilogue;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * {@code linear_float}: x [..., K] times the transpose of weights [N, K], in floats, then the
 * epilogue; out [..., N].
 *
 * <p>Codes, of x or of the weights, stand for their values. Weights that are codes stay codes in
 * memory, of {@code weight_bits} bits each: "weight-only" quantization.
 */
final class LinearFloatKind extends OperationKind {
  LinearFloatKind() {
    super(
        Epilogue.add(
                Signature.of("linear_float", 1)
                    .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                    .input(
                        "weights",
                        Presence.CONSTANT,
                        Signature.FLOATS_AND_BYTES,
                        GridRule.REQUIRED))
            .attribute(AttributeSpec.integer("weight_bits", 8L, 4, 8))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 1, Shape.MAX_RANK);
    operation.requireRank("weights", 2, 2);
    Value weights = operation.input("weights");
    if (weights.grid() != null && weights.grid().axis() > 0) {
      throw operation.error(
          "input 'weights' has a grid along axis "
              + weights.grid().axis()
              + "; expected axis 0 (rows) or one scale");
    }
    long bits = operation.integer("weight_bits");
    if (bits != 8 && bits != 4) {
      throw operation.error("attribute 'weight_bits' is " + bits + "; expected 8 or 4");
    }
    Shape x = operation.shape("x");
    Dimension channels = weights.shape().get(0);
    operation.requireSize("the last size of input 'x' " + x, x.get(-1), weights.shape().get(1));
    Shape out = x.with(-1, channels);
    Epilogue.check(operation, channels, out);
    return Map.of("out", out);
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  @Override
  public Object prepareConstants(ConstantContext context) {
    DLTensor weights = context.tensor("weights");
    octet_grid grid = context.grid("weights");
    if (grid == null) {
      return PackedBlock.of(
          context,
          new PackedBlock.Size() {
            @Override
            public int run(SizeTPointer bytes) {
              return octet.octet_gemm_float_pack_size(weights, bytes);
            }
          },
          new PackedBlock.Fill() {
            @Override
            public int run(Address memory, long bytes) {
              return octet.octet_gemm_float_pack(weights, memory, bytes);
            }
          },
          DeviceWeights.GEMM_FLOAT);
    }
    int format =
        context.operation().integer("weight_bits") == 4
            ? octet.OCTET_WEIGHTS_4_BIT
            : octet.OCTET_WEIGHTS_8_BIT;
    return PackedBlock.of(
        context,
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_gemm_pack_size(weights, format, bytes);
          }
        },
        new PackedBlock.Fill() {
          @Override
          public int run(Address memory, long bytes) {
            return octet.octet_gemm_pack(weights, grid, format, memory, bytes);
          }
        },
        DeviceWeights.GEMM);
  }

  /** Returns a tensor as a matrix of its last dimension's rows. */
  private static DLTensor matrix(CallContext context, String role) {
    OperationView operation = context.operation();
    Value value = operation.has(role) ? operation.input(role) : operation.output(role);
    Shape shape = value.shape();
    long rows = shape.slice(0, shape.rank() - 1).elements().value();
    return context.tensor(role, new long[] {rows, shape.get(-1).value()});
  }

  @Override
  public long workspaceBytes(CallContext context) {
    PackedBlock packed = (PackedBlock) context.constants();
    DLTensor x = matrix(context, "x");
    return PackedBlock.bytes(
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_gemm_float_workspace_size(
                x, packed.address(), packed.bytes(), bytes);
          }
        });
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    PackedBlock packed = (PackedBlock) context.constants();
    Address block = packed.address();
    long blockBytes = packed.bytes();
    DLTensor x = matrix(context, "x");
    octet_grid grid = context.grid("x");
    DLTensor out = matrix(context, "out");
    DLTensor residual = context.operation().has("residual") ? matrix(context, "residual") : null;
    octet_epilogue epilogue = Epilogue.prepare(context, residual);
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_gemm_float(
            x, grid, block, blockBytes, epilogue, out, workspace, workspaceBytes, stream);
      }
    };
  }
}
