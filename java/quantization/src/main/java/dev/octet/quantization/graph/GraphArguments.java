// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** Brings what callers pass into the form in which runs keep values. */
final class GraphArguments {

  private GraphArguments() {}

  /** The arguments, lists and maps as native ones where the input says so. */
  static Object[] toValues(List<GraphInput> inputs, Object[] arguments) {
    Object[] values = arguments.clone();
    for (int i = 0; i < values.length && i < inputs.size(); i++) {
      values[i] = toValue(inputs.get(i), arguments[i]);
    }
    return values;
  }

  private static Object toValue(GraphInput input, Object argument) {
    if (argument instanceof Integer number) {
      return number.longValue();
    }
    if (argument instanceof Float number) {
      return number.doubleValue();
    }
    boolean composite = argument instanceof List<?> || argument instanceof Map<?, ?>;
    if (!composite || input.type() == null || isTuple(input.type())) {
      return argument;
    }
    try {
      return IValues.toNative(argument, GraphTypes.of(input.type()));
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "argument '" + input.name() + "' must be a " + input.type() + ", but is " + argument, e);
    }
  }

  private static boolean isTuple(String type) {
    TypeKind kind = GraphTypes.of(type).get().kind().intern();
    return kind == TypeKind.TupleType || type.startsWith("Optional[Tuple[");
  }

  static void closeConverted(Object[] values, Object[] arguments) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] != arguments[i] && values[i] instanceof IValue converted) {
        converted.close();
      }
    }
  }
}
