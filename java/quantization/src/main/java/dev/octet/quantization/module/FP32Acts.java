// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Stands where an activation quantizer would, in modules that never quantize their output. */
public final class FP32Acts extends Module {
  FP32Acts() {}

  /** Returns the argument. */
  public Tensor forward(Tensor x) {
    return x;
  }
}
