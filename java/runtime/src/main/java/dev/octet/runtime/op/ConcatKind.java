// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * {@code concat}: inputs {@code x0}, {@code x1} and so on one after the other along {@code axis},
 * converted or put on the output's grid where theirs differs.
 */
final class ConcatKind extends OperationKind {
  ConcatKind() {
    super(
        Signature.of("concat", 1)
            .input("x", Presence.NUMBERED, Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.integer("axis", null, -Shape.MAX_RANK, Shape.MAX_RANK))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    List<Value> inputs = operation.inputs("x");
    Shape first = inputs.get(0).shape();
    int axis = operation.axis("axis", first.rank());
    Dimension total = Dimension.of(0);
    for (int i = 0; i < inputs.size(); i++) {
      Shape shape = inputs.get(i).shape();
      requireElements(operation, inputs.get(i), i);
      if (shape.rank() != first.rank() || shape.with(axis, first.get(axis)).differsFrom(first)) {
        throw operation.error(
            "input 'x"
                + i
                + "' has shape "
                + shape
                + "; expected that of 'x0', "
                + first
                + ", but for axis "
                + axis);
      }
      total = total.plus(shape.get(axis));
    }
    return Map.of("out", first.with(axis, total));
  }

  private static void requireElements(OperationView operation, Value input, int index) {
    Value out = operation.output("out");
    boolean values = isValue(input) && isValue(out);
    if (!values && (input.type() != out.type() || input.grid() != null || out.grid() != null)) {
      throw operation.error(
          "input 'x"
              + index
              + "' is "
              + input
              + " and the output "
              + out.type()
              + "; expected floats and codes with one scale, or one other type");
    }
  }

  private static boolean isValue(Value value) {
    ElementType type = value.type();
    return type.isFloat()
        || type.isByteCode() && value.grid() != null && value.grid().isPerTensor();
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x0"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    int count = operation.inputs("x").size();
    long[] tensors = new long[count];
    long[] grids = new long[count];
    for (int i = 0; i < count; i++) {
      tensors[i] = context.tensor("x" + i).address();
      octet_grid grid = context.grid("x" + i);
      grids[i] = grid == null ? 0 : grid.address();
    }
    Address tensorList = context.structs().longs(tensors);
    Address gridList = context.structs().longs(grids);
    PointerPointer<DLTensor> tensorPointers = new PointerPointer<>(tensorList);
    PointerPointer<octet_grid> gridPointers = new PointerPointer<>(gridList);
    int axis = operation.axis("axis", operation.shape("x0").rank());
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_concat(tensorPointers, gridPointers, count, axis, out, outGrid, stream);
      }
    };
  }
}
