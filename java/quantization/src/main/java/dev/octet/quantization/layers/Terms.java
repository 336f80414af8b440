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
    collect(value, found);
    return found;
  }

  private static void collect(Object value, Set<Apply> found) {
    if (value instanceof Apply apply) {
      if (found.add(apply)) {
        apply.arguments.forEach(argument -> collect(argument, found));
      }
    } else if (value instanceof Item item) {
      collect(item.of(), found);
    } else if (value instanceof List<?> items) {
      items.forEach(item -> collect(item, found));
    }
  }
}
