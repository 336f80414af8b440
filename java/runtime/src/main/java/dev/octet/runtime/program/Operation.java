// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.program;

import dev.octet.runtime.op.OperationKind;
import dev.octet.runtime.type.Attributes;
import dev.octet.runtime.type.Value;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One operation of a program.
 *
 * @param kind what it does
 * @param inputs names of values by role
 * @param outputs the values that it makes by role, with shapes of numbers and symbols; the first
 *     one's name is the operation's name
 * @param attributes its settings
 */
public record Operation(
    OperationKind kind,
    Map<String, String> inputs,
    Map<String, Value> outputs,
    Attributes attributes) {
  public Operation {
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(inputs));
    outputs = Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
  }

  /** Returns the name of the first output. */
  public String name() {
    return outputs.values().iterator().next().name();
  }
}
