// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/** The Java objects of a container's children by name, in order, beside its native registry. */
final class ChildMap {

  private final Map<String, Module> children = new LinkedHashMap<>();
  private final Map<Module, Module> facades = Collections.synchronizedMap(new IdentityHashMap<>());
  private volatile Module[] inOrder = new Module[0];

  Map<String, Module> view() {
    return Collections.unmodifiableMap(children);
  }

  /** Put a child on the Java side only. */
  void put(String name, Module child) {
    facades.remove(children.put(name, child));
    inOrder = children.values().toArray(new Module[0]);
  }

  void clear() {
    facades.clear();
    children.clear();
    inOrder = new Module[0];
  }

  void remove(String name) {
    facades.remove(children.remove(name));
    inOrder = children.values().toArray(new Module[0]);
  }

  Module[] inOrder() {
    return inOrder;
  }

  /** What users get: a wrapper would answer {@code asLinear()} with null, its facade does not. */
  Module handOut(Module child) {
    return child instanceof FacadeTarget
        ? facades.computeIfAbsent(child, Facades::forUntyped)
        : child;
  }

  Module handOut(long index, String container) {
    Module[] all = inOrder;
    if (index < 0 || index >= all.length) {
      throw new IndexOutOfBoundsException(
          "index "
              + index
              + " is not in 0.."
              + (all.length - 1)
              + ", the children of "
              + container);
    }
    return handOut(all[(int) index]);
  }
}
