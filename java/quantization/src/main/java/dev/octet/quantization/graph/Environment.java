// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.IValueVector;

/** The values of one run, and which of them the run has to close. */
final class Environment {

  final GraphModule module;
  final Object[] arguments;
  final Object[] values;
  final IValueVector stack;

  /** The node that runs, for messages. */
  GraphNode current;

  private final boolean[] owned;

  Environment(GraphModule module, Object[] arguments, int size, IValueVector stack) {
    this.module = module;
    this.arguments = arguments;
    this.stack = stack;
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
      Values.close(values[slot]);
    }
    values[slot] = null;
  }

  void releaseAll() {
    for (int slot = 0; slot < values.length; slot++) {
      release(slot);
    }
  }

  /** The current value of an argument of a node; it stays the run's. */
  Object value(Object argument, Map<GraphValue, Integer> slots) {
    if (argument instanceof GraphValue value) {
      return values[slots.get(value)];
    }
    if (argument instanceof List<?> items) {
      List<Object> current = new ArrayList<>(items.size());
      for (Object item : items) {
        current.add(value(item, slots));
      }
      return Collections.unmodifiableList(current);
    }
    return argument;
  }

  /** A result for somebody else: what this run owns is handed over, else a second handle. */
  Object take(Object output, Map<GraphValue, Integer> slots) {
    if (output instanceof GraphValue value) {
      int slot = slots.get(value);
      if (owned[slot]) {
        owned[slot] = false;
        return values[slot];
      }
      return Values.secondHandle(values[slot]);
    }
    if (output instanceof List<?> items) {
      List<Object> taken = new ArrayList<>(items.size());
      items.forEach(item -> taken.add(take(item, slots)));
      return Collections.unmodifiableList(taken);
    }
    return output;
  }
}
