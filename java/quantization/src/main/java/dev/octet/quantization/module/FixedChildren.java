// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import org.bytedeco.pytorch.Module;

/** The answer of modules whose quantizers can't be swapped. */
final class FixedChildren {
  private FixedChildren() {}

  static UnsupportedOperationException refuse(Module module, String name) {
    return new UnsupportedOperationException(
        "child '"
            + name
            + "' of a "
            + module.getClass().getSimpleName()
            + " can't be replaced: convert the original module with another configuration");
  }
}
