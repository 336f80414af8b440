// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;

/**
 * {@code slice}: indices {@code start}, {@code start + step} and so on below {@code end} of the
 * dimension {@code axis}. Negative numbers count from the end, and those outside are limited to it,
 * as in Python.
 */
final class SliceKind extends OperationKind {
  /** What a slice takes of a dimension. */
  private record Range(long start, long count) {}

  SliceKind() {
    super(
        Signature.of("slice", 1)
            .input("x", Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.integer("axis", null, -Shape.MAX_RANK, Shape.MAX_RANK))
            .attribute(AttributeSpec.integer("start", 0L, Long.MIN_VALUE, Long.MAX_VALUE))
            .attribute(AttributeSpec.integer("end", Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE))
            .attribute(AttributeSpec.integer("step", 1L, 1, Integer.MAX_VALUE))
            .build());
  }

  private static long limit(long index, long size) {
    return Math.max(0, Math.min(size, index < 0 ? index + size : index));
  }

  private static Range range(OperationView operation, long size) {
    long start = limit(operation.integer("start"), size);
    long end = limit(operation.integer("end"), size);
    long step = operation.integer("step");
    return new Range(start, end <= start ? 0 : (end - start - 1) / step + 1);
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    Shape x = operation.shape("x");
    int axis = operation.axis("axis", x.rank());
    Dimension size = x.get(axis);
    Dimension taken =
        size.isFixed()
            ? Dimension.of(range(operation, size.value()).count())
            : Dimension.opaque("slice(" + size + ")");
    return Map.of("out", x.with(axis, taken));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    OperationView operation = context.operation();
    long[] sizes = operation.shape("x").sizes();
    int axis = operation.axis("axis", sizes.length);
    Range range = range(operation, sizes[axis]);
    long[] strides = Moves.strides(sizes);
    long offset = range.count() == 0 ? 0 : range.start() * strides[axis];
    strides[axis] *= operation.integer("step");
    return Moves.copy(context, operation.output("out").shape().sizes(), strides, offset);
  }
}
