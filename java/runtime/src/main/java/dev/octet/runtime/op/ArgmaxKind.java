// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@code argmax}: the place of the greatest element along {@code axis}, the first of several, which
 * goes, or stays with a size of 1 with {@code keep_dims}.
 */
final class ArgmaxKind extends OperationKind {
  ArgmaxKind() {
    super(
        Signature.of("argmax", 1)
            .input("x", Signature.NUMBERS, GridRule.OPTIONAL)
            .output("out", Signature.types(ElementType.S32, ElementType.I64), GridRule.NONE)
            .attribute(AttributeSpec.integer("axis", -1L, -Shape.MAX_RANK, Shape.MAX_RANK))
            .attribute(AttributeSpec.flag("keep_dims", false))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    Shape x = operation.shape("x");
    int axis = operation.axis("axis", x.rank());
    return Map.of(
        "out",
        operation.flag("keep_dims")
            ? x.with(axis, Dimension.of(1))
            : x.slice(0, axis).followedBy(x.slice(axis + 1, x.rank())));
  }

  @Override
  public Value defaultOutput(Map<String, Value> inputs, String name) {
    return like(name, ElementType.I64, null);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    Pointer stream = context.stream();
    OperationView operation = context.operation();
    int axis = operation.axis("axis", operation.shape("x").rank());
    DLTensor x = context.tensor("x");
    DLTensor out = context.tensor("out");
    if (operation.input("x").type() == ElementType.I64) {
      return new NativeCall() {
        @Override
        public int run() {
          return octet.octet_integer_argmax(x, axis, out, stream);
        }
      };
    }
    return new NativeCall() {
      @Override
      public int run() {
        return octet.octet_argmax(x, axis, out, stream);
      }
    };
  }
}
