// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static org.junit.jupiter.api.Assertions.fail;

import dev.octet.quantization.manager.QuantizationManager;
import org.bytedeco.pytorch.Module;

/** Calls on a quantization manager, by their recorded names. */
final class ManagerCalls {
  private ManagerCalls() {}

  static void call(Module module, String call) {
    if (!(module instanceof QuantizationManager manager)) {
      fail("call '" + call + "' on a " + module.getClass());
      return;
    }
    switch (call) {
      case "estimate_ranges" -> manager.estimateRanges();
      case "estimate_ranges_train" -> manager.estimateRangesTrain();
      case "fix_ranges" -> manager.fixRanges();
      case "learn_ranges" -> manager.learnRanges();
      case "reset_ranges" -> manager.resetRanges();
      default -> fail("unknown call '" + call + "' on a quantization manager");
    }
  }
}
