// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.PickleValue.Mapping;
import dev.octet.quantization.archive.PickleValue.StoredTensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A dict of tensors in a pickle.
 *
 * @param keys that lead to it
 * @param tensors by name
 */
record StateDicts(List<String> keys, Map<String, StoredTensor> tensors) {
  private static final int MAX_NESTING = 4;

  /** The tensors of a dict that has nothing else; null for any other value. */
  static Map<String, StoredTensor> tensors(PickleValue value) {
    if (!(value instanceof Mapping dict)) {
      return null;
    }
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    for (Map.Entry<Object, PickleValue> entry : dict.entries().entrySet()) {
      if (!(entry.getKey() instanceof String name)
          || !(entry.getValue() instanceof StoredTensor tensor)) {
        return null;
      }
      tensors.put(name, tensor);
    }
    return tensors;
  }

  /** The dicts of tensors in a value, those without tensors left out. */
  static List<StateDicts> in(PickleValue value) {
    List<StateDicts> found = new ArrayList<>();
    find(value, List.of(), found);
    return found;
  }

  private static void find(PickleValue value, List<String> keys, List<StateDicts> found) {
    if (!(value instanceof Mapping dict) || keys.size() > MAX_NESTING) {
      return;
    }
    Map<String, StoredTensor> tensors = tensors(value);
    if (tensors != null) {
      if (!tensors.isEmpty()) {
        found.add(new StateDicts(keys, tensors));
      }
      return;
    }
    dict.entries()
        .forEach(
            (key, inner) -> {
              if (key instanceof String name) {
                List<String> longer = new ArrayList<>(keys);
                longer.add(name);
                find(inner, longer, found);
              }
            });
  }

  /** Where it is and how large. */
  String words() {
    return (keys.isEmpty() ? "the whole" : "'" + String.join("', '", keys) + "'")
        + " ("
        + tensors.size()
        + " tensors)";
  }
}
