// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Zeros of sizes that follow from those of inputs. */
record Zeros(Sizes sizes) {
  /** Returns what was recorded as zeros, or null if it is anything else. */
  static Zeros of(List<?> recorded) {
    Sizes sizes = Trace.sizes(recorded);
    boolean zeros = sizes != null && recorded.stream().allMatch(run -> isZero((Tensor) run));
    return zeros ? new Zeros(sizes) : null;
  }

  /** Tells whether all elements of a tensor are zeros. */
  static boolean isZero(Tensor tensor) {
    try (Scalar zero = new Scalar(0L);
        Tensor others = tensor.ne(zero);
        Tensor any = others.any()) {
      return !any.item_bool();
    }
  }

  @Override
  public String toString() {
    return "zeros " + sizes;
  }
}
