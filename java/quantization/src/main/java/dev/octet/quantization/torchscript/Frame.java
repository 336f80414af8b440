// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Value;

/**
 * What the values of a function are in the graph that is written: graph values, constants, tuples
 * as lists, {@link FoldedList}, {@link ObjectRef} or {@link FunctionRef}.
 */
final class Frame {

  final NodeNames names;
  private final Map<Long, Object> values = new HashMap<>();

  Frame(NodeNames names) {
    this.names = names;
  }

  void put(Value value, Object meaning) {
    values.put(value.address(), meaning);
  }

  Object get(Value value) {
    if (!values.containsKey(value.address())) {
      throw new IllegalStateException("value '" + Jit.name(value) + "' is used before it is made");
    }
    return values.get(value.address());
  }

  /** Whether a value is known when the program is imported, and is no tensor. */
  static boolean isConstant(Object meaning) {
    return meaning == null
        || meaning instanceof Long
        || meaning instanceof Double
        || meaning instanceof Boolean
        || meaning instanceof String
        || meaning instanceof FoldedList list && list.items().stream().allMatch(Frame::isConstant)
        || meaning instanceof List<?> items && items.stream().allMatch(Frame::isConstant);
  }
}
