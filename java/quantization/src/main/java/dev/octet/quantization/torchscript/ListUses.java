// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import org.bytedeco.pytorch.AliasInfo;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.FunctionSchema;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.Use;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Tells how a list of the program is used. */
final class ListUses {

  private ListUses() {}

  /**
   * Whether all uses read the items at once, so that the list itself need not exist: it is an
   * argument of operators that take a list of a known type and do not change it, or it is unpacked.
   */
  static boolean areReads(Value list) {
    Use uses = list.uses();
    for (long i = 0; i < uses.limit(); i++) {
      Use use = uses.getPointer(Use.class, i);
      if (!isRead(use.user(), use.offset())) {
        return false;
      }
    }
    return true;
  }

  private static boolean isRead(JitNode user, long index) {
    if (Jit.kind(user).equals("prim::ListUnpack")) {
      return true;
    }
    FunctionSchema schema = user.maybeSchema();
    if (schema == null || schema.isNull()) {
      return false;
    }
    Argument argument = Jit.argument(schema, index);
    if (argument == null) {
      return false;
    }
    AliasInfo alias = argument.alias_info();
    boolean written = alias != null && !alias.isNull() && alias.isWrite();
    return !written && isKnownList(argument.type().get());
  }

  /** Whether a type is a list, or none, of items of one type. */
  static boolean isKnownList(Type type) {
    if (type.hasFreeVariables()) {
      return false;
    }
    TypeKind kind = type.kind().intern();
    if (kind == TypeKind.OptionalType) {
      try (TypePtr contained = type.containedType(0)) {
        return isKnownList(contained.get());
      }
    }
    return kind == TypeKind.ListType;
  }
}
