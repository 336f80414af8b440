// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;

/**
 * A place in a module's Java object that holds a module.
 *
 * @param owner the module whose object, or whose collections and helpers, have the place
 * @param place the place
 */
record Slot(Module owner, Place place) {

  /** The module that the place stands for: behind a facade, the wrapper. */
  Module module() {
    return place.get() instanceof Module module ? ModuleTypes.resolve(module) : null;
  }

  boolean holds(long address) {
    Module held = module();
    return held != null && !held.isNull() && held.address() == address;
  }
}
