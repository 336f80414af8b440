// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import java.util.Arrays;

/** Lower and upper ends of ranges, with the shape of the tensors that hold them. */
record Range(float[] min, float[] max, long[] shape) {

  static Range vector(float[] min, float[] max) {
    return new Range(min, max, new long[] {min.length});
  }

  /** Combines two ranges end by end. */
  Range with(Range other, EndFunction lower, EndFunction upper) {
    if (!Arrays.equals(shape, other.shape)) {
      throw new IllegalArgumentException(
          "this batch has ranges of shape "
              + Arrays.toString(other.shape)
              + ", the batches before "
              + Arrays.toString(shape)
              + "; call reset() before batches with another number of channels");
    }
    float[] newMin = new float[min.length];
    float[] newMax = new float[max.length];
    for (int i = 0; i < min.length; i++) {
      newMin[i] = lower.apply(min[i], other.min[i]);
      newMax[i] = upper.apply(max[i], other.max[i]);
    }
    return new Range(newMin, newMax, shape);
  }

  /** A function of the old and the new end of a range. */
  @FunctionalInterface
  interface EndFunction {
    float apply(float old, float next);
  }
}
