// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_embedding_table;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code embedding}: rows of a constant table [V, D] by their numbers, indices [...]; out [..., D].
 * An index outside of 0..V-1 is an error of the run. With {@code table_bits} 4 the session keeps
 * codes of the table at half a byte each.
 */
final class EmbeddingKind extends OperationKind {
  EmbeddingKind() {
    super(
        Signature.of("embedding", 1)
            .input("indices", Signature.types(ElementType.S32, ElementType.I64), GridRule.NONE)
            .input("table", Presence.CONSTANT, Signature.FLOATS_AND_BYTES, GridRule.REQUIRED)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.integer("table_bits", 8L, 4, 8))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("table", 2, 2);
    Value table = operation.input("table");
    Grid grid = table.grid();
    if (grid != null && grid.axis() > 0) {
      throw operation.error(
          "input 'table' has a grid along axis "
              + grid.axis()
              + "; expected axis 0 (rows) or one scale");
    }
    long bits = operation.integer("table_bits");
    boolean halves =
        grid != null && grid.intMin() >= -8 && grid.intMax() <= (grid.intMin() < 0 ? 7 : 15);
    if (bits != 8 && !(bits == 4 && halves)) {
      throw operation.error(
          "attribute 'table_bits' is " + bits + "; expected 8, or 4 for codes of -8..7 or 0..15");
    }
    return Map.of("out", operation.shape("indices").followedBy(table.shape().slice(1, 2)));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    Value table = inputs.get("table");
    return like(
        name, table != null && table.type().isFloat() ? table.type() : ElementType.F32, null);
  }

  @Override
  public Object prepareConstants(ConstantContext context) {
    if (context.operation().integer("table_bits") != 4) {
      return null;
    }
    long[] sizes = context.operation().shape("table").sizes();
    long[] packedSizes = {sizes[0], (sizes[1] + 1) / 2};
    NativeBlock block = context.allocate(packedSizes[0] * packedSizes[1]);
    DLTensor packed =
        context.structs().tensor(block.address(), ElementType.U8, packedSizes, null).tensor();
    NativeLibrary.check(octet.octet_embedding_pack(context.tensor("table"), packed));
    return context.place(block, ElementType.U8, packedSizes);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    Value value = context.operation().input("table");
    DLTensor packed = (DLTensor) context.constants();
    octet_embedding_table table =
        new octet_embedding_table(
            context.structs().zeroed(Loader.sizeof(octet_embedding_table.class)));
    table
        .rows(packed == null ? context.tensor("table") : packed)
        .bits(value.type().isFloat() ? 0 : (int) context.operation().integer("table_bits"))
        .grid(context.grid("table"));
    DLTensor indices = context.tensor("indices");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_embedding(table, indices, out, outGrid, stream);
      }
    };
  }
}
