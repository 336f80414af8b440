// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.Map;
import org.bytedeco.pytorch.Module;

/**
 * A module that keeps the Java objects of its registered children itself.
 *
 * <p>libtorch hands children back as plain {@link Module} objects, which have lost every Java
 * override. A class that implements this interface tells {@link ModuleTree} which Java object
 * stands for which registered name, so that no field of it has to be searched. Fields declared in
 * the implementing class and in its superclasses are left alone by the tree; fields of further
 * subclasses are searched as usual.
 */
public interface ChildHolder {

  /**
   * Return the Java objects of the registered children, by name, in registry order.
   *
   * @return a view or copy that the caller does not change
   */
  Map<String, Module> childObjects();

  /**
   * Put another Java object in the place of a child.
   *
   * <p>Changes the Java side only: the caller has changed the registry, or is about to.
   *
   * @param name the name of a registered child
   * @param module the Java object that takes its place
   */
  void childObject(String name, Module module);
}
