// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.StringSharedModuleDict;
import org.bytedeco.pytorch.StringSharedModuleDictItem;

/**
 * What is known about one module of a tree.
 *
 * @param module the Java object
 * @param children the Java objects of the children by registered name, in registry order
 * @param slots the places in which the object holds modules
 */
record ModuleInfo(Module module, Map<String, Module> children, List<Slot> slots) {

  /** Views of the children as the native registry has them; the caller closes those it drops. */
  static Map<String, Module> registered(Module module) {
    Map<String, Module> views = new LinkedHashMap<>();
    try (StringSharedModuleDict dict = module.named_children()) {
      for (long i = 0; i < dict.size(); i++) {
        StringSharedModuleDictItem item = dict.get(i);
        try (BytePointer key = item.key()) {
          views.put(key.getString(), item.value());
        }
      }
    }
    return views;
  }
}
