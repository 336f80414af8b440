// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import dev.octet.quantization.module.ManagerStates;

/** Sets a quantizer's state by its name. */
final class RangeStates {
  private RangeStates() {}

  /** Sets the state; without ranges there is nothing to fix or to learn, and it stays. */
  static void set(QuantizationManager manager, RangeState state) {
    if (manager.state() == state) {
      return;
    }
    switch (state) {
      case ESTIMATE_RANGES -> manager.estimateRanges();
      case ESTIMATE_RANGES_TRAIN -> manager.estimateRangesTrain();
      case FIX_RANGES -> ManagerStates.fixIfInitialized(manager);
      case LEARN_RANGES -> ManagerStates.learnIfInitialized(manager);
    }
  }
}
