// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Checks arguments against an operator's parameters and brings them into the form of a node. */
final class ArgumentTypes {

  private final String operator;
  private final Function<GraphValue, TypeKind> kindOf;

  /**
   * Create a checker.
   *
   * @param operator names the operator in messages
   * @param kindOf what is known of a value's type, null if nothing
   */
  ArgumentTypes(String operator, Function<GraphValue, TypeKind> kindOf) {
    this.operator = operator;
    this.kindOf = kindOf;
  }

  /** The argument in the form of {@link GraphNode#arguments()}. */
  Object normalize(Object argument, Operator.Parameter parameter) {
    return normalize(plain(argument), parameter.type(), parameter, parameter.length());
  }

  private Object normalize(
      Object argument, TypePtr type, Operator.Parameter parameter, Integer length) {
    TypeKind kind = type.get().kind().intern();
    if (kind == TypeKind.OptionalType) {
      if (argument == null) {
        return null;
      }
      try (TypePtr contained = type.get().containedType(0)) {
        return normalize(argument, contained, parameter, length);
      }
    }
    if (argument instanceof GraphValue value) {
      return value(value, kind, parameter);
    }
    if (kind == TypeKind.ListType) {
      return list(argument, type, parameter, length);
    }
    boolean fits =
        switch (kind) {
          case TensorType -> false;
          case IntType, SymIntType -> argument instanceof Long;
          case FloatType -> argument instanceof Double || argument instanceof Long;
          case NumberType -> argument instanceof Number || argument instanceof Boolean;
          case BoolType -> argument instanceof Boolean;
          case StringType, DeviceObjType -> argument instanceof String;
          case NoneType, GeneratorType -> argument == null;
          default -> argument != null;
        };
    if (!fits) {
      throw mismatch(parameter, describe(argument));
    }
    return kind == TypeKind.FloatType ? (Object) ((Number) argument).doubleValue() : argument;
  }

  private Object value(GraphValue value, TypeKind kind, Operator.Parameter parameter) {
    TypeKind known = kindOf.apply(value);
    boolean numeric = kind == TypeKind.NumberType || kind == TypeKind.FloatType;
    boolean number =
        known == TypeKind.IntType
            || known == TypeKind.FloatType
            || known == TypeKind.BoolType
            || known == TypeKind.NumberType;
    boolean known0 = known != null && known != TypeKind.OptionalType && known != TypeKind.AnyType;
    boolean open = kind == TypeKind.VarType || kind == TypeKind.AnyType;
    if (known0 && !open && known != kind && !(numeric && number)) {
      throw mismatch(parameter, "value '" + value + "' of type " + name(known));
    }
    return value;
  }

  private Object list(Object argument, TypePtr type, Operator.Parameter parameter, Integer length) {
    try (TypePtr element = type.get().containedType(0)) {
      if (argument instanceof List<?> items) {
        List<Object> normalized = new ArrayList<>();
        for (Object item : items) {
          normalized.add(normalize(item, element, parameter, null));
        }
        return Collections.unmodifiableList(normalized);
      }
      if (length != null && argument != null) {
        return Collections.nCopies(length, normalize(argument, element, parameter, null));
      }
    }
    throw mismatch(parameter, describe(argument));
  }

  private IllegalArgumentException mismatch(Operator.Parameter parameter, String given) {
    return new IllegalArgumentException(
        operator
            + ": argument '"
            + parameter.name()
            + "' must be "
            + parameter.typeName()
            + ", but is "
            + given);
  }

  private static String describe(Object argument) {
    return argument == null ? "None" : argument + " (" + argument.getClass().getSimpleName() + ")";
  }

  private static String name(TypeKind kind) {
    return kind.name().replace("Type", "").replace("Obj", "");
  }

  /** Java values in the few classes that nodes hold. */
  static Object plain(Object argument) {
    if (argument instanceof Integer || argument instanceof Short || argument instanceof Byte) {
      return ((Number) argument).longValue();
    }
    if (argument instanceof Float number) {
      return number.doubleValue();
    }
    if (argument instanceof ScalarType type) {
      return (long) type.value;
    }
    if (argument instanceof Device device) {
      return device.str().getString();
    }
    if (argument instanceof Tensor) {
      throw new IllegalArgumentException(
          "a Tensor cannot be an argument of a node; register it with constant(name, tensor),"
              + " buffer or parameter, and pass the GraphValue");
    }
    if (argument instanceof long[] items) {
      return Arrays.stream(items).boxed().map(Object.class::cast).toList();
    }
    if (argument instanceof int[] items) {
      return Arrays.stream(items).asLongStream().boxed().map(Object.class::cast).toList();
    }
    if (argument instanceof double[] items) {
      return Arrays.stream(items).boxed().map(Object.class::cast).toList();
    }
    if (argument instanceof Object[] items) {
      return plain(Arrays.asList(items));
    }
    if (argument instanceof Collection<?> items) {
      List<Object> all = new ArrayList<>();
      items.forEach(item -> all.add(plain(item)));
      return Collections.unmodifiableList(all);
    }
    if (argument == null
        || argument instanceof GraphValue
        || argument instanceof Long
        || argument instanceof Double
        || argument instanceof Boolean
        || argument instanceof String) {
      return argument;
    }
    throw new IllegalArgumentException(
        "an argument of class "
            + argument.getClass().getName()
            + " cannot be held in a graph; use a GraphValue, number, boolean, String, null,"
            + " ScalarType, Device, or a list or array of these");
  }
}
