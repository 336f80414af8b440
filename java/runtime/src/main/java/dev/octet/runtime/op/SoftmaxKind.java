// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.bindings.octet_softmax_terms;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.util.Map;
import org.bytedeco.javacpp.Loader;

/**
 * {@code softmax} over the last dimension of {@code x * scale + bias}, of the elements that mask,
 * lengths and causality let take part.
 */
final class SoftmaxKind extends OperationKind {
  SoftmaxKind() {
    super(
        Signature.of("softmax", 1)
            .input("x", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .input("bias", Presence.OPTIONAL, Signature.types(ElementType.F32), GridRule.NONE)
            .input(
                "mask",
                Presence.OPTIONAL,
                Signature.types(ElementType.BOOL, ElementType.U8),
                GridRule.NONE)
            .input(
                "lengths",
                Presence.OPTIONAL,
                Signature.types(ElementType.S32, ElementType.I64),
                GridRule.NONE)
            .output("out", Signature.FLOATS_AND_BYTES, GridRule.PER_TENSOR)
            .attribute(AttributeSpec.real("scale", 1.0, -Float.MAX_VALUE, Float.MAX_VALUE))
            .attribute(AttributeSpec.flag("causal", false))
            .attribute(
                AttributeSpec.integer("causal_offset", 0L, Integer.MIN_VALUE, Integer.MAX_VALUE))
            .build());
  }

  @Override
  Map<String, Shape> infer(OperationView operation) {
    operation.requireRank("x", operation.flag("causal") ? 2 : 1, Shape.MAX_RANK);
    Shape x = operation.shape("x");
    for (String role : new String[] {"bias", "mask"}) {
      if (operation.has(role)) {
        Shape term = operation.shape(role);
        operation.requireRank(role, 1, x.rank());
        operation.requireSize("the last size of input '" + role + "'", term.get(-1), x.get(-1));
        Broadcast.requireInto(operation, role, x);
      }
    }
    if (operation.has("lengths")) {
      operation.requireRank("x", 2, Shape.MAX_RANK);
      operation.requireShape("lengths", x.slice(0, 1));
    }
    return Map.of("out", x);
  }

  @Override
  public NativeCall prepare(CallContext context) {
    OperationView operation = context.operation();
    octet_softmax_terms terms =
        new octet_softmax_terms(context.structs().zeroed(Loader.sizeof(octet_softmax_terms.class)));
    terms
        .scale(operation.real("scale"))
        .bias(context.tensor("bias"))
        .mask(context.tensor("mask"))
        .lengths(context.tensor("lengths"))
        .causal(operation.flag("causal") ? 1 : 0)
        .causal_offset(operation.integer("causal_offset"));
    DLTensor x = context.tensor("x");
    octet_grid xGrid = context.grid("x");
    DLTensor out = context.tensor("out");
    octet_grid outGrid = context.grid("out");
    return () -> octet.octet_softmax(x, xGrid, terms, out, outGrid, null);
  }
}
