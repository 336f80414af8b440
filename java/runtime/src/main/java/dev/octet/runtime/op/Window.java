// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;

/**
 * A window that moves along one dimension of an image.
 *
 * @param kernel how many taps it has
 * @param stride from one place to the next
 * @param before padding before the image
 * @param after padding behind it
 * @param dilation from tap to tap
 * @param ceil whether the number of places is rounded up, save that none begins behind the image
 */
record Window(long kernel, long stride, long before, long after, long dilation, boolean ceil) {
  /**
   * Returns how many places the window has: {@code floor((in + before + after - dilation * (kernel
   * - 1) - 1) / stride) + 1}, or rounded up.
   *
   * @throws dev.octet.runtime.type.InvalidProgramException if the window is larger than the padded
   *     image
   */
  Dimension size(OperationView operation, Dimension in) {
    if (kernel < 1) {
      throw operation.error("has a window of " + kernel + "; expected at least 1");
    }
    if (!in.isFixed()) {
      return Dimension.opaque("window(" + in + ")");
    }
    long span = span(operation);
    long steps = in.value() + before + after - span;
    if (steps < 0) {
      throw operation.error(
          "has a window of "
              + span
              + " and an input of "
              + in
              + " with "
              + (before + after)
              + " of padding; expected an input that is larger than the window");
    }
    if (!ceil) {
      return Dimension.of(steps / stride + 1);
    }
    long last = (steps + stride - 1) / stride;
    return Dimension.of(last * stride >= in.value() + before ? last : last + 1);
  }

  /** Returns the pixels from the first to the last tap. */
  long span(OperationView operation) {
    try {
      return Math.addExact(Math.multiplyExact(dilation, kernel - 1), 1);
    } catch (ArithmeticException e) {
      throw operation.error("has a window of " + kernel + " taps, " + dilation + " apart");
    }
  }
}
