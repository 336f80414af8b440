// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.List;
import java.util.Map;

/**
 * A class of TorchScript code.
 *
 * @param base Module, NamedTuple, Enum, Interface, ModuleInterface or null
 * @param fields the types of its attributes by name
 * @param constants the values of its constants (of an enumeration: its members) by name
 * @param methods its methods
 * @param at where it begins in its file, in bytes
 */
record ScriptClass(
    String name,
    String base,
    Map<String, ScriptExpression> fields,
    Map<String, ScriptExpression> constants,
    List<ScriptStatement.Function> methods,
    int at) {

  boolean isEnum() {
    return "Enum".equals(base);
  }

  boolean isNamedTuple() {
    return "NamedTuple".equals(base);
  }

  boolean isInterface() {
    return "Interface".equals(base) || "ModuleInterface".equals(base);
  }

  boolean hasMethod(String method) {
    return methods.stream().anyMatch(m -> m.name().equals(method));
  }
}
