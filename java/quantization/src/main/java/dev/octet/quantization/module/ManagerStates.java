// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.manager.QuantizationManager;

/** State changes that leave quantizers without ranges alone. */
public final class ManagerStates {
  private ManagerStates() {}

  /** Fixes the ranges, if there are any. */
  public static void fixIfInitialized(QuantizationManager manager) {
    if (manager.isInitialized()) {
      manager.fixRanges();
    }
  }

  /** Makes the ranges trainable, if there are any. */
  public static void learnIfInitialized(QuantizationManager manager) {
    if (manager.isInitialized()) {
      manager.learnRanges();
    }
  }
}
