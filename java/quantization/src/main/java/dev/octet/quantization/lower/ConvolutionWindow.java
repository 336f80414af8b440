// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

/**
 * How a convolution walks over its input.
 *
 * @param stride vertical, horizontal
 * @param padding zeros: top, left, bottom, right
 * @param dilation vertical, horizontal
 * @param groups number of groups
 */
record ConvolutionWindow(long[] stride, long[] padding, long[] dilation, long groups) {}
