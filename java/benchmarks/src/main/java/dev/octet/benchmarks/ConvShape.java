// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

/**
 * The sizes of a convolution of square images with a square kernel.
 *
 * @param in channels of the images
 * @param size height and width of the images
 * @param out channels of the result
 * @param kernel height and width of the kernel
 * @param stride in both directions
 * @param groups of channels
 */
record ConvShape(int in, int size, int out, int kernel, int stride, int groups) {

  /** Returns the padding with which stride 1 keeps the size. */
  int padding() {
    return kernel / 2;
  }

  /** Returns height and width of the result. */
  int outSize() {
    return (size + 2 * padding() - kernel) / stride + 1;
  }

  /** Returns how many channels a filter sees. */
  int inOfGroup() {
    return in / groups;
  }

  /** Returns the products of one element of the result. */
  int depth() {
    return inOfGroup() * kernel * kernel;
  }

  @Override
  public String toString() {
    String channels =
        groups == 1 ? in + " -> " + out : in + " -> " + out + " in " + groups + " groups";
    return String.format(
        "%1$d x %1$d, %2$s, of %3$d x %3$d, stride %4$d", kernel, channels, size, stride);
  }
}
