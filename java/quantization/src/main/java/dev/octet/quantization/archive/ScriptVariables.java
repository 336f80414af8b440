// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/** What is known of the variables of a function, and what a branch or loop makes of them. */
final class ScriptVariables {
  private final Map<String, ScriptFacts> current = new HashMap<>();
  // For every block that is open, the values from before that it has replaced; null: there was
  // none.
  private final Deque<Map<String, ScriptFacts>> replaced = new ArrayDeque<>();

  /** The facts of a variable; null if it has not been assigned. */
  ScriptFacts get(String name) {
    return current.get(name);
  }

  void put(String name, ScriptFacts facts) {
    ScriptFacts old = current.put(name, facts);
    if (!replaced.isEmpty() && !replaced.peek().containsKey(name)) {
      replaced.peek().put(name, old);
    }
  }

  /** Begins a block. */
  void begin() {
    replaced.push(new HashMap<>());
  }

  /** Ends the block: all is as it was before. Returns what the block assigned. */
  Map<String, ScriptFacts> end() {
    Map<String, ScriptFacts> assigned = new HashMap<>();
    replaced
        .pop()
        .forEach(
            (name, old) -> {
              assigned.put(name, current.get(name));
              if (old == null) {
                current.remove(name);
              } else {
                current.put(name, old);
              }
            });
    return assigned;
  }

  /**
   * Goes on after one of two blocks was run.
   *
   * @param either whether the choice may be made while the code is loaded, so that a value that is
   *     known in one block may be known afterwards
   */
  void join(Map<String, ScriptFacts> one, Map<String, ScriptFacts> other, boolean either) {
    one.forEach((name, facts) -> put(name, joined(facts, orCurrent(other, name), either)));
    other.forEach(
        (name, facts) -> {
          if (!one.containsKey(name)) {
            put(name, joined(facts, current.get(name), either));
          }
        });
  }

  private ScriptFacts orCurrent(Map<String, ScriptFacts> block, String name) {
    ScriptFacts facts = block.get(name);
    return facts == null ? current.get(name) : facts;
  }

  private static ScriptFacts joined(ScriptFacts one, ScriptFacts other, boolean either) {
    if (other == null) {
      return one;
    }
    return either ? one.or(other) : one.and(other);
  }
}
