// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;

/**
 * A model that can make an independent copy of itself.
 *
 * @param <M> the type of the model
 */
public interface Copyable<M extends Module> {

  /**
   * Make a copy of this model that shares no parameter, buffer or submodule with it.
   *
   * @return the copy, in the same training mode and with the same state
   */
  M copy();
}
