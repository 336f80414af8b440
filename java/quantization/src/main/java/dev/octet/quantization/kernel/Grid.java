// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import org.bytedeco.pytorch.Tensor;

/**
 * The grid that a kernel snaps values to. Borrows its tensors: they must stay open while it is
 * used.
 *
 * @param delta the step or its logarithm: f32, compact, one element or one for every channel or
 *     group
 * @param zeroFloat the zero point before rounding, as many elements as delta; null: 0
 * @param intMin the least integer of the grid
 * @param intMax the greatest integer of the grid
 * @param logDomain whether delta is a logarithm
 * @param eps the least scale in the linear domain
 * @param axis the dimension of the values along which delta varies, -1: none
 */
public record Grid(
    Tensor delta,
    Tensor zeroFloat,
    float intMin,
    float intMax,
    boolean logDomain,
    float eps,
    int axis) {}
