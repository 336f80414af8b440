// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_embedding_table;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code gather}: slices of x [V, ...] along its first dimension by their numbers, indices [...];
 * out has the shape of the indices, then the rest of that of x. An index outside of 0..V-1 is an
 * error of the run; with {@code wrap}, those below 0 count from the end, down to -V.
 */
final class GatherKind extends OperationKind {
  private static final int BITS = 8;

  GatherKind() {
    super(
        Signature.of("gather", 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .input("indices", Signature.types(ElementType.S32, ElementType.I64), GridRule.NONE)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.flag("wrap", false))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", 1, Shape.MAX_RANK);
    Shape x = operation.shape("x");
    return Map.of("out", operation.shape("indices").followedBy(x.slice(1, x.rank())));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    Shape x = operation.shape("x");
    long width = x.slice(1, x.rank()).elements().value();
    long count = operation.shape("indices").elements().value();
    octet_embedding_table table =
        new octet_embedding_table(
            context.structs().zeroed(Loader.sizeof(octet_embedding_table.class)));
    table
        .rows(context.tensor("x", new long[] {x.get(0).value(), width}))
        .bits(operation.input("x").type().isFloat() ? 0 : BITS)
        .wrap(operation.flag("wrap") ? 1 : 0)
        .grid(context.grid("x"));
    DLTensor indices = context.tensor("indices", new long[] {count});
    DLTensor out = context.tensor("out", new long[] {count, width});
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_embedding(table, indices, out, outGrid, stream);
      }
    };
  }
}
