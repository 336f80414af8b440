// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type.TypePtr;

/** An argument of an operator, prepared to be put on the stack. */
interface OperatorArgument {

  void put(IValueVector stack, int index, Environment environment);

  static OperatorArgument of(Object argument, TypePtr type, Map<GraphValue, Integer> slots) {
    if (argument instanceof GraphValue value) {
      int slot = slots.get(value);
      return (stack, index, environment) -> {
        Object current = environment.values[slot];
        try (IValue converted =
            current instanceof Tensor tensor
                ? new IValue(tensor)
                : IValues.toNative(current, type)) {
          stack.put(index, converted);
        }
      };
    }
    if (hasValues(argument)) {
      return (stack, index, environment) -> {
        Object current = environment.value(argument, slots);
        try (IValue converted = IValues.toNative(current, type)) {
          stack.put(index, converted);
        }
      };
    }
    IValue constant = IValues.toNative(argument, type);
    // Kept with the program; an enclosing PointerScope must not free it.
    constant.retainReference();
    return (stack, index, environment) -> stack.put(index, constant);
  }

  private static boolean hasValues(Object argument) {
    return argument instanceof GraphValue
        || argument instanceof List<?> items
            && items.stream().anyMatch(OperatorArgument::hasValues);
  }
}
