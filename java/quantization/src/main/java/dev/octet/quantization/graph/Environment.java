// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.Tensor;

/** The values of one run, and which of them the run has to close. */
final class Environment {

  final GraphModule module;
  final Object[] arguments;
  final Object[] values;
  IValueVector stack;
  private final boolean[] owned;

  Environment(GraphModule module, Object[] arguments, int size) {
    this.module = module;
    this.arguments = arguments;
    values = new Object[size];
    owned = new boolean[size];
  }

  void put(int slot, Object value, boolean isOwned) {
    values[slot] = value;
    owned[slot] = isOwned;
  }

  void release(int slot) {
    if (owned[slot]) {
      owned[slot] = false;
      close(values[slot]);
    }
    values[slot] = null;
  }

  void releaseAll() {
    for (int slot = 0; slot < values.length; slot++) {
      release(slot);
    }
  }

  /** A result for the caller: tensors of this run are handed over, others get a second handle. */
  Object take(Object output, Map<GraphValue, Integer> slots) {
    if (output instanceof GraphValue value) {
      int slot = slots.get(value);
      if (owned[slot]) {
        owned[slot] = false;
        return values[slot];
      }
      return secondHandle(values[slot]);
    }
    if (output instanceof List<?> items) {
      List<Object> taken = new ArrayList<>();
      items.forEach(item -> taken.add(take(item, slots)));
      return Collections.unmodifiableList(taken);
    }
    return output;
  }

  static Object secondHandle(Object value) {
    if (value instanceof Tensor tensor) {
      return new Tensor(tensor);
    }
    if (value instanceof List<?> items) {
      List<Object> handles = new ArrayList<>();
      items.forEach(item -> handles.add(secondHandle(item)));
      return Collections.unmodifiableList(handles);
    }
    return value;
  }

  private static void close(Object value) {
    if (value instanceof Tensor tensor) {
      tensor.close();
    } else if (value instanceof List<?> items) {
      items.forEach(Environment::close);
    }
  }
}
