// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Item;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Makes terms, each once. */
final class Terms {

  private final Map<List<Object>, Apply> known = new HashMap<>();

  /** The result of an operator that does nothing but make it. */
  Apply apply(String operator, List<Object> arguments) {
    return apply(operator, arguments, -1);
  }

  /**
   * The result of an operator that does more.
   *
   * @param effect how many had an effect before it: the same call again is another one
   */
  Apply apply(String operator, List<Object> arguments, int effect) {
    List<Object> fixed = fixed(arguments);
    return known.computeIfAbsent(
        Arrays.asList(operator, fixed, effect), key -> new Apply(operator, fixed));
  }

  /** A copy that no operator changes any more. */
  private static List<Object> fixed(List<?> items) {
    List<Object> fixed = new ArrayList<>();
    for (Object item : items) {
      fixed.add(item instanceof List<?> inner ? fixed(inner) : item);
    }
    return Collections.unmodifiableList(fixed);
  }

  /** All results of operators that a value is made of. */
  static Set<Apply> within(Object value) {
    Set<Apply> found = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Object> open = new ArrayList<>();
    open.add(value);
    while (!open.isEmpty()) {
      Object next = open.remove(open.size() - 1);
      if (next instanceof Apply apply && found.add(apply)) {
        open.addAll(apply.arguments);
      } else if (next instanceof Item item) {
        open.add(item.of());
      } else if (next instanceof List<?> items) {
        open.addAll(items);
      }
    }
    return found;
  }
}
