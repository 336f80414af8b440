// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;
import org.bytedeco.pytorch.GenericDict;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Tells whether a value of a run is of a type of TorchScript. */
final class InstanceCheck {

  private InstanceCheck() {}

  static boolean isInstance(Object value, TypePtr type) {
    TypeKind kind = type.get().kind().intern();
    return switch (kind) {
      case AnyType -> true;
      case NoneType -> value == null;
      case OptionalType -> value == null || isInstance(value, type, 0);
      case TensorType -> value instanceof Tensor;
      case IntType -> value instanceof Long;
      case FloatType -> value instanceof Double;
      case BoolType -> value instanceof Boolean;
      case NumberType -> value instanceof Long || value instanceof Double;
      case StringType -> value instanceof String;
      case TupleType -> value instanceof List<?> items && isTuple(items, type);
      case AnyTupleType -> value instanceof List<?>;
      case AnyListType -> value instanceof IValue other && other.isList();
      case ListType -> value instanceof IValue other && other.isList() && isList(other, type);
      case DictType ->
          value instanceof IValue other && other.isGenericDict() && isDict(other, type);
      default ->
          throw new UnsupportedOperationException(
              "isinstance with type " + type.get().str().getString() + " cannot be run");
    };
  }

  private static boolean isInstance(Object value, TypePtr type, int contained) {
    try (TypePtr inner = type.get().containedType(contained)) {
      return isInstance(value, inner);
    }
  }

  private static boolean isTuple(List<?> items, TypePtr type) {
    if (items.size() != type.get().containedTypeSize()) {
      return false;
    }
    for (int i = 0; i < items.size(); i++) {
      if (!isInstance(items.get(i), type, i)) {
        return false;
      }
    }
    return true;
  }

  private static boolean isList(IValue value, TypePtr type) {
    try (GenericList list = value.toList();
        TypePtr element = list.elementType();
        TypePtr wanted = type.get().containedType(0)) {
      return element.get().isSubtypeOf(wanted.get());
    }
  }

  private static boolean isDict(IValue value, TypePtr type) {
    try (GenericDict dict = value.toGenericDict();
        TypePtr key = dict.keyType();
        TypePtr item = dict.valueType();
        TypePtr wantedKey = type.get().containedType(0);
        TypePtr wantedItem = type.get().containedType(1)) {
      return key.get().isSubtypeOf(wantedKey.get()) && item.get().isSubtypeOf(wantedItem.get());
    }
  }
}
