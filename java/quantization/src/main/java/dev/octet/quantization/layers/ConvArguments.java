// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.List;

/**
 * The arguments of a convolution.
 *
 * @param in the number of channels of its input
 * @param out the number of channels of its output
 * @param kernel the sizes of its kernel
 * @param stride one number a dimension, as the next three
 * @param padding how much is padded on each side; null if it is given by name
 * @param paddingName {@code same} or {@code valid}; null if it is given in numbers
 * @param outputPadding only for transposed convolutions
 * @param dilation the distance of the kernel's elements
 * @param groups the number of groups
 * @param mode what is padded with, as torch names it
 * @param bias whether it has one
 */
record ConvArguments(
    long in,
    long out,
    List<Long> kernel,
    List<Long> stride,
    List<Long> padding,
    String paddingName,
    List<Long> outputPadding,
    List<Long> dilation,
    long groups,
    String mode,
    boolean bias) {}
