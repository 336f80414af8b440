// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

/**
 * A module whose forward takes and returns whatever it was built for, known at run time only.
 *
 * <p>{@link ModuleCall} uses this method in place of a search for a fitting {@code forward}.
 */
public interface AnyForward {

  /**
   * Run the module.
   *
   * @param arguments tensors, numbers, booleans, strings, lists of them, or null
   * @return one of these; a list where there are several results
   */
  Object forwardAny(Object... arguments);
}
