// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.tree.ModuleTypes;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/** The Java objects of a wrapper's registered children. */
final class NamedChildren {
  private final Module parent;
  private final Map<String, Module> children = new LinkedHashMap<>();

  NamedChildren(Module parent) {
    this.parent = parent;
  }

  void register(String name, Module child) {
    parent.register_module(name, ModuleTypes.owned(child));
    children.put(name, child);
  }

  Module get(String name) {
    return children.get(name);
  }

  void put(String name, Module child) {
    if (children.replace(name, child) == null) {
      throw new IllegalArgumentException(
          "'" + name + "' is no child, expected one of " + children.keySet());
    }
  }

  Map<String, Module> view() {
    return Collections.unmodifiableMap(children);
  }
}
