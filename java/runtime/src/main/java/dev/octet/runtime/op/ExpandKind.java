// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code expand}: x broadcast to {@code sizes}, or to the shape of {@code like}; a copy. In {@code
 * sizes}, -1 keeps the size of x, both aligned at the last one. With {@code like_axes}, a list as
 * long as {@code sizes}, sizes are those of the dimensions of {@code like} that it names; where it
 * has -1, they are as {@code sizes} says.
 */
final class ExpandKind extends OperationKind {
  private static final long SAME = -1;

  ExpandKind() {
    super(
        Signature.of("expand", 1)
            .input("x", Signature.ALL, GridRule.OPTIONAL)
            .input("like", Presence.OPTIONAL, Signature.ALL, GridRule.OPTIONAL)
            .output("out", Signature.ALL, GridRule.OPTIONAL)
            .attribute(AttributeSpec.list("sizes", List.of(), SAME, Long.MAX_VALUE))
            .attribute(AttributeSpec.list("like_axes", List.of(), SAME, Shape.MAX_RANK - 1))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Moves.requireSameElements(operation, "x");
    boolean whole = operation.has("like") && operation.list("like_axes").length == 0;
    Shape target = whole ? operation.shape("like") : sizes(operation);
    Broadcast.requireInto(operation, "x", target);
    return Map.of("out", target);
  }

  private static Shape sizes(OperationView operation) {
    Shape x = operation.shape("x");
    long[] wanted = operation.list("sizes");
    long[] axes = likeAxes(operation, wanted.length);
    List<Dimension> sizes = new ArrayList<>();
    for (int i = 0; i < wanted.length; i++) {
      if (axes[i] != SAME) {
        sizes.add(operation.shape("like").get((int) axes[i]));
        continue;
      }
      int place = i - wanted.length + x.rank();
      if (wanted[i] == SAME && place < 0) {
        throw operation.error(
            "attribute 'sizes' has -1 at place "
                + i
                + ", where x of shape "
                + x
                + " has no dimension");
      }
      sizes.add(wanted[i] == SAME ? x.get(place) : Dimension.of(wanted[i]));
    }
    return Shape.of(sizes);
  }

  private static long[] likeAxes(OperationView operation, int rank) {
    long[] axes = operation.list("like_axes");
    if (axes.length == 0) {
      axes = new long[rank];
      Arrays.fill(axes, SAME);
      return axes;
    }
    if (axes.length != rank) {
      throw operation.error(
          "attribute 'like_axes' has "
              + axes.length
              + " entries; expected as many as 'sizes', "
              + rank
              + ", or none");
    }
    for (long axis : axes) {
      if (axis != SAME && (!operation.has("like") || axis >= operation.shape("like").rank())) {
        throw operation.error(
            "attribute 'like_axes' names dimension " + axis + ", which input 'like' does not have");
      }
    }
    return axes;
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return Moves.sameElements(inputs.get("x"), name);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    Shape x = context.operation().shape("x");
    long[] sizes = context.operation().output("out").shape().sizes();
    long[] steps = Moves.strides(x.sizes());
    long[] strides = new long[sizes.length];
    for (int i = 0; i < x.rank(); i++) {
      int place = i + sizes.length - x.rank();
      strides[place] = x.get(i).is(1) ? 0 : steps[i];
    }
    DLTensor from = context.tensor("x", sizes, strides, 0);
    DLTensor out = context.tensor("out");
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_copy(from, out, stream);
      }
    };
  }
}
