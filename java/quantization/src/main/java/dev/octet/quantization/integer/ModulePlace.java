// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.WrapperModule;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/**
 * A module of a converted model, under the path that a QuantizationMap would have for it: a module
 * behind a quantizer stands where the quantizer's wrapper stands.
 *
 * @param node where it is registered
 * @param path in the model before conversion
 * @param isLeaf whether no other module of the list is inside
 */
record ModulePlace(ModuleNode node, String path, boolean isLeaf) {
  /** Returns the modules of a model, without those that quantized modules are made of. */
  static List<ModulePlace> all(ModuleTree tree) {
    Map<String, String> paths = new HashMap<>();
    List<ModulePlace> places = new ArrayList<>();
    String inside = null;
    for (ModuleNode node : tree.nodes()) {
      if (inside != null && node.path().startsWith(inside)) {
        continue;
      }
      String path = original(node, paths);
      paths.put(node.path(), path);
      boolean quantized = node.module() instanceof QuantizedModule;
      boolean isLeaf = quantized || tree.children(node.module()).isEmpty();
      places.add(new ModulePlace(node, path, isLeaf));
      inside = quantized ? node.path() + (node.path().isEmpty() ? "" : ".") : null;
    }
    return places;
  }

  private static String original(ModuleNode node, Map<String, String> paths) {
    if (node.parent() == null) {
      return "";
    }
    int length = node.path().length() - node.name().length();
    String parent = paths.get(length == 0 ? "" : node.path().substring(0, length - 1));
    if (node.parent() instanceof WrapperModule wrapper && wrapper.facadeInner() == node.module()) {
      return parent;
    }
    return parent.isEmpty() ? node.name() : parent + "." + node.name();
  }

  Module module() {
    return node.module();
  }

  /** Tells whether this is the first place of a module that may be registered several times. */
  boolean isFirst() {
    return node.sameAs() == null;
  }

  /** Returns the path for people. */
  String words() {
    return path.isEmpty() ? "the model" : "'" + path + "'";
  }
}
