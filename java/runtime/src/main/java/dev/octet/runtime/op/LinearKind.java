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
 * {@code linear}: x [..., K] times the transpose of weights [N, K], in integers, then the epilogue;
 * out [..., N].
 *
 * <p>x is codes on a grid, or real numbers: these are quantized on the grid of the attributes
 * {@code x_scale}, {@code x_zero_point}, {@code x_int_min}, {@code x_int_max}, or row by row on
 * grids of {@code dynamic_bits} bits taken from each row.
 */
final class LinearKind extends OperationKind {
  LinearKind() {
    super(
        GivenGrid.add(
                Epilogue.add(
                    Signature.of("linear", 1)
                        .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                        .input("weights", Presence.CONSTANT, Signature.BYTES, GridRule.REQUIRED)),
                "x")
            .attribute(AttributeSpec.integer("weight_bits", 8L, 4, 8))
            .attribute(AttributeSpec.optionalInteger("dynamic_bits", 2, 8))
            .attribute(AttributeSpec.real("dynamic_eps", 1e-8, Float.MIN_NORMAL, Float.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 1, Shape.MAX_RANK);
    operation.requireRank("weights", 2, 2);
    Value weights = operation.input("weights");
    if (weights.grid().axis() > 0) {
      throw operation.error(
          "input 'weights' has a grid along axis "
              + weights.grid().axis()
              + "; expected axis 0 (rows) or one scale");
    }
    long bits = operation.integer("weight_bits");
    if (bits != 8 && bits != 4) {
      throw operation.error("attribute 'weight_bits' is " + bits + "; expected 8 or 4");
    }
    checkActivations(operation);
    Shape x = operation.shape("x");
    Dimension channels = weights.shape().get(0);
    operation.requireSize("the last size of input 'x' " + x, x.get(-1), weights.shape().get(1));
    Shape out = x.with(-1, channels);
    Epilogue.check(operation, channels, out);
    return Map.of("out", out);
  }

  private static void checkActivations(OperationView operation) {
    boolean codes = operation.input("x").type().isByteCode();
    int ways =
        (codes ? 1 : 0)
            + (operation.hasAttribute("dynamic_bits") ? 1 : 0)
            + (GivenGrid.isGiven(operation, "x") ? 1 : 0);
    if (ways != 1) {
      throw operation.error(
          codes
              ? "takes codes and has an attribute 'dynamic_bits' or 'x_scale' too; expected neither"
              : "takes "
                  + operation.input("x").type()
                  + " and has "
                  + (ways == 0 ? "neither" : "both")
                  + " of the attributes 'dynamic_bits' and 'x_scale'; expected one");
    }
    GivenGrid.check(operation, "x");
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  @Override
  public Object prepareConstants(ConstantContext context) {
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

  @Override
  public long workspaceBytes(CallContext context) {
    PackedBlock packed = (PackedBlock) context.constants();
    DLTensor x = matrix(context, "x");
    return PackedBlock.bytes(
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_gemm_workspace_size(x, packed.address(), packed.bytes(), bytes);
          }
        });
  }

  /** Returns a tensor as a matrix of its last dimension's rows. */
  private static DLTensor matrix(CallContext context, String role) {
    return context.tensor(role, matrixShape(context.operation(), role));
  }

  private static long[] matrixShape(OperationView operation, String role) {
    Value value = operation.has(role) ? operation.input(role) : operation.output(role);
    Shape shape = value.shape();
    long rows = shape.slice(0, shape.rank() - 1).elements().value();
    return new long[] {rows, shape.get(-1).value()};
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    PackedBlock packed = (PackedBlock) context.constants();
    Address block = packed.address();
    long blockBytes = packed.bytes();
    long[] outShape = matrixShape(operation, "out");
    DLTensor x = matrix(context, "x");
    DLTensor out = context.tensor("out", outShape);
    DLTensor residual = operation.has("residual") ? context.tensor("residual", outShape) : null;
    octet_epilogue epilogue = Epilogue.prepare(context, residual);
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    if (operation.hasAttribute("dynamic_bits")) {
      int bits = (int) operation.integer("dynamic_bits");
      float eps = operation.real("dynamic_eps");
      return new NativeCall() {
        @Override
        public int run() {
          return octet.octet_gemm_dynamic(
              x, bits, eps, block, blockBytes, epilogue, out, workspace, workspaceBytes, stream);
        }
      };
    }
    octet_grid grid = GivenGrid.prepare(context, "x");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_gemm(
            x, grid, block, blockBytes, epilogue, out, workspace, workspaceBytes, stream);
      }
    };
  }
}
