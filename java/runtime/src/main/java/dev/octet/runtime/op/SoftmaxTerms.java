// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.octet_softmax_terms;
import dev.octet.runtime.op.Signature.Presence;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import org.bytedeco.javacpp.Loader;

/** What softmax and attention have in common: scale, bias, and which elements take part. */
final class SoftmaxTerms {
  private SoftmaxTerms() {}

  /** Adds the roles {@code bias}, {@code mask} and {@code lengths} and the attributes. */
  static Signature.Builder add(Signature.Builder signature) {
    return signature
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
        .attribute(AttributeSpec.real("scale", 1.0, -Float.MAX_VALUE, Float.MAX_VALUE))
        .attribute(AttributeSpec.flag("causal", false))
        .attribute(
            AttributeSpec.integer("causal_offset", 0L, Integer.MIN_VALUE, Integer.MAX_VALUE));
  }

  /** Checks the terms of scores of some shape. */
  static void check(OperationView operation, Shape scores) {
    for (String role : new String[] {"bias", "mask"}) {
      if (operation.has(role)) {
        operation.requireRank(role, 1, scores.rank());
        operation.requireSize(
            "the last size of input '" + role + "'", operation.shape(role).get(-1), scores.get(-1));
        Broadcast.requireInto(operation, role, scores);
      }
    }
    if (operation.has("lengths")) {
      operation.requireShape("lengths", scores.slice(0, 1));
    }
    boolean rows = operation.flag("causal") || operation.has("lengths");
    if (rows && scores.rank() < 2) {
      throw operation.error(
          "takes scores of shape " + scores + " with lengths or causality; expected rows of them");
    }
  }

  /** Builds the structure. */
  static octet_softmax_terms prepare(CallContext context) {
    OperationView operation = context.operation();
    octet_softmax_terms terms =
        new octet_softmax_terms(context.structs().zeroed(Loader.sizeof(octet_softmax_terms.class)));
    return terms
        .scale(operation.real("scale"))
        .bias(context.tensor("bias"))
        .mask(context.tensor("mask"))
        .lengths(context.tensor("lengths"))
        .causal(operation.flag("causal") ? 1 : 0)
        .causal_offset(operation.integer("causal_offset"));
  }
}
