// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import org.bytedeco.pytorch.Tensor;

/**
 * A tensor that is the same in every run.
 *
 * @param name for the constant of the program that it may become
 * @param tensor borrowed
 */
record ConstantTensor(String name, Tensor tensor) {}
