// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Dimension;

/** The sizes of what a window that moves over an image makes. */
final class Window {
  private Window() {}

  /**
   * Returns {@code floor((in + before + after - dilation * (kernel - 1) - 1) / stride) + 1}, or
   * with {@code ceil} rounded up, save that a window does not begin behind the image.
   *
   * @throws dev.octet.runtime.type.InvalidProgramException if the window is larger than the padded
   *     image
   */
  static Dimension size(
      OperationView operation,
      Dimension in,
      long kernel,
      long stride,
      long before,
      long after,
      long dilation) {
    if (kernel < 1) {
      throw operation.error("has a window of " + kernel + "; expected at least 1");
    }
    if (!in.isFixed()) {
      return Dimension.opaque("window(" + in + ")");
    }
    long span;
    try {
      span = Math.addExact(Math.multiplyExact(dilation, kernel - 1), 1);
      long padded = Math.addExact(in.value(), before + after);
      if (span <= padded) {
        return Dimension.of((padded - span) / stride + 1);
      }
    } catch (ArithmeticException e) {
      throw operation.error("has a window of " + kernel + " taps, " + dilation + " apart");
    }
    throw operation.error(
        "has a window of "
            + span
            + " and an input of "
            + in
            + " with "
            + (before + after)
            + " of padding; expected an input that is larger than the window");
  }
}
