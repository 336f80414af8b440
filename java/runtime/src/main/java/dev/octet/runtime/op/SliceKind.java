// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;

/**
 * {@code slice}: indices {@code start}, {@code start + step} and so on below {@code end} of the
 * dimension {@code axis}. Negative numbers count from the end, and those outside are limited to it,
 * as in Python.
 *
 * <p>With an input {@code like}: the first ones, with {@code last} the last ones, as many as its
 * dimension {@code like_axis} has; x must have no fewer.
 */
final class SliceKind extends OperationKind {
  /** What a slice takes of a dimension. */
  private record Range(long start, long count) {}

  SliceKind() {
    super(
        Signature.of("slice", 1)
            .input("x", Signature.ALL, GridRule.OPTIONAL)
            .input("like", Presence.OPTIONAL, Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.integer("axis", null, -Shape.MAX_RANK, Shape.MAX_RANK))
            .attribute(AttributeSpec.integer("start", 0L, Long.MIN_VALUE, Long.MAX_VALUE))
            .attribute(AttributeSpec.integer("end", Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE))
            .attribute(AttributeSpec.integer("step", 1L, 1, Integer.MAX_VALUE))
            .attribute(AttributeSpec.integer("like_axis", 0L, -Shape.MAX_RANK, Shape.MAX_RANK))
            .attribute(AttributeSpec.flag("last", false))
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
    if (operation.has("like")) {
      return Map.of("out", x.with(axis, likeSize(operation, size)));
    }
    if (operation.flag("last")) {
      throw operation.error("has the attribute 'last' without an input 'like'; expected one");
    }
    Dimension taken =
        size.isFixed()
            ? Dimension.of(range(operation, size.value()).count())
            : Dimension.opaque("slice(" + size + ")");
    return Map.of("out", x.with(axis, taken));
  }

  private static Dimension likeSize(OperationView operation, Dimension size) {
    Range all = range(operation, Long.MAX_VALUE);
    if (all.start() != 0 || all.count() != Long.MAX_VALUE) {
      throw operation.error(
          "has an input 'like' and one of the attributes 'start', 'end' and 'step'; expected none"
              + " of these");
    }
    Shape like = operation.shape("like");
    int axis = operation.axis("like_axis", like.rank());
    Dimension taken = like.get(axis);
    if (taken.isFixed() && size.isFixed() && taken.value() > size.value()) {
      throw operation.error(
          "takes "
              + taken
              + " indices, as many as dimension "
              + axis
              + " of '"
              + operation.input("like").name()
              + "' has, of a dimension of "
              + size
              + "; expected no more"
              + (operation.isConstant("x")
                  ? ": it is a constant that was made when the model was lowered, for sizes of up to"
                      + " a maximum (LoweringOptions.maximum)"
                  : ""));
    }
    return taken;
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
    if (operation.has("like")) {
      long count = operation.output("out").shape().get(axis).value();
      range = new Range(operation.flag("last") ? sizes[axis] - count : 0, count);
    }
    long[] strides = Moves.strides(sizes);
    long offset = range.count() == 0 ? 0 : range.start() * strides[axis];
    strides[axis] *= operation.integer("step");
    return Moves.copy(context, operation.output("out").shape().sizes(), strides, offset);
  }
}
