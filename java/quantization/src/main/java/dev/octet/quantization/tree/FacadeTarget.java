// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;

/**
 * A wrapper module that may stand behind a generated facade.
 *
 * <p>Where a model's field is typed, say, {@code LinearImpl}, a wrapper that is no {@code
 * LinearImpl} cannot be stored. {@link ModuleTree#replace(Module, String, Module)} then stores a
 * generated subclass of the field's type, whose native object is that of the wrapped module and
 * whose {@code forward} methods call the wrapper.
 */
public interface FacadeTarget {

  /**
   * Return the module that this wrapper wraps.
   *
   * @return the wrapped module, which may itself be a wrapper
   */
  Module facadeInner();
}
