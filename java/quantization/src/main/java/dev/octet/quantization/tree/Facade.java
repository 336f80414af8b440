// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;

/**
 * Implemented by generated classes only: an object that stands in a typed slot for a wrapper.
 *
 * <p>A facade is never registered; the registry holds its target. Everything in this package treats
 * the two as the same child.
 */
public interface Facade {

  /**
   * Return the wrapper that this facade stands for.
   *
   * @return the registered module
   */
  Module facadeTarget();
}
