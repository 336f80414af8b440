// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_epilogue;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * {@code matmul}: a [..., M, K] times b [..., K, N], or [..., N, K] with {@code transpose_b}, then
 * the epilogue; out [..., M, N]. What comes before the last two dimensions is broadcast. As in
 * PyTorch a vector a is a row and a vector b a column, and the output lacks their dimension.
 *
 * <p>Codes by codes are multiplied in integers; otherwise codes stand for their values, and all is
 * computed in floats.
 */
final class MatmulKind extends OperationKind {
  MatmulKind() {
    super(
        Epilogue.add(
                Signature.of("matmul", 1)
                    .input("a", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
                    .input("b", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR))
            .attribute(AttributeSpec.flag("transpose_b", false))
            .build());
  }

  /** Shapes with the dimensions that vectors lack. */
  private record Matrices(Shape a, Shape b, Shape out) {}

  private static Matrices matrices(OperationView operation) {
    Shape one = Shape.of(List.of(Dimension.of(1)));
    Shape a = operation.shape("a");
    Shape b = operation.shape("b");
    boolean transposed = operation.flag("transpose_b");
    if (a.rank() == 1) {
      a = one.followedBy(a);
    }
    if (b.rank() == 1) {
      b = transposed ? one.followedBy(b) : b.followedBy(one);
    }
    Dimension columns = b.get(transposed ? -2 : -1);
    operation.requireSize(
        "K of input 'b' " + operation.shape("b"), b.get(transposed ? -1 : -2), a.get(-1));
    Shape batch = Broadcast.of(operation, a.slice(0, a.rank() - 2), b.slice(0, b.rank() - 2));
    return new Matrices(a, b, batch.followedBy(Shape.of(List.of(a.get(-2), columns))));
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("a", 1, Shape.MAX_RANK);
    operation.requireRank("b", 1, Shape.MAX_RANK);
    Shape full = matrices(operation).out();
    List<Dimension> sizes = new ArrayList<>(full.dimensions());
    if (operation.shape("b").rank() == 1) {
      sizes.remove(sizes.size() - 1);
    }
    if (operation.shape("a").rank() == 1) {
      sizes.remove(full.rank() - 2);
    }
    Shape out = Shape.of(sizes);
    Epilogue.check(operation, full.get(-1), out);
    return Map.of("out", out);
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.F32, null);
  }

  @Override
  public long workspaceBytes(CallContext context) {
    Matrices shapes = matrices(context.operation());
    DLTensor a = context.tensor("a", shapes.a().sizes());
    DLTensor b = context.tensor("b", shapes.b().sizes());
    int transposed = context.operation().flag("transpose_b") ? 1 : 0;
    return PackedBlock.bytes(
        new PackedBlock.Size() {
          @Override
          public int run(SizeTPointer bytes) {
            return octet.octet_matmul_workspace_size(a, b, transposed, bytes);
          }
        });
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    Matrices shapes = matrices(operation);
    long[] outShape = shapes.out().sizes();
    int transposed = operation.flag("transpose_b") ? 1 : 0;
    DLTensor a = context.tensor("a", shapes.a().sizes());
    octet_grid aGrid = context.grid("a");
    DLTensor b = context.tensor("b", shapes.b().sizes());
    octet_grid bGrid = context.grid("b");
    DLTensor out = context.tensor("out", outShape);
    DLTensor residual = operation.has("residual") ? context.tensor("residual", outShape) : null;
    octet_epilogue epilogue = Epilogue.prepare(context, residual);
    Address workspace = context.workspace();
    long workspaceBytes = context.workspaceBytes();
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_matmul(
            a, aGrid, b, bGrid, transposed, epilogue, out, workspace, workspaceBytes, stream);
      }
    };
  }
}
