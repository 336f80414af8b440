// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import org.bytedeco.pytorch.Module;

/**
 * A module that copies itself as a part of a larger model.
 *
 * <p>Unlike {@link Copyable} it is given the state of the copy that is going on, so that submodules
 * and tensors which several modules of the model share are shared in the copy, too.
 */
public interface StructuralCopy {

  /**
   * Make a copy of this module.
   *
   * @param context copies submodules and tensors, each once
   * @return the copy, in the same training mode and with the same state
   */
  Module copyStructure(CopyContext context);
}
