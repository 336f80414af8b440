// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.StructuralCopy;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** Stands where an activation quantizer would, in modules that never quantize their output. */
public final class FP32Acts extends Module implements StructuralCopy {
  FP32Acts() {}

  /** Returns the argument. */
  public Tensor forward(Tensor x) {
    return x;
  }

  @Override
  public Module copyStructure(CopyContext context) {
    FP32Acts copy = new FP32Acts();
    copy.train(is_training());
    return copy;
  }
}
