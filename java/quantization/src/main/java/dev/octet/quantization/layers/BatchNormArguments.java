// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

/**
 * The arguments of a batch or instance normalization.
 *
 * @param features the number of channels; 0 if it is not known, and only printed
 * @param eps added to the variance
 * @param momentum of the running statistics; null for their average over all batches
 * @param affine whether it has a weight and a bias
 * @param tracks whether it keeps running statistics
 */
record BatchNormArguments(
    long features, double eps, Double momentum, boolean affine, boolean tracks) {

  /** Add the tensors of such a layer. */
  Blueprint withTensors(Blueprint blueprint) {
    return blueprint
        .withParameter("weight", affine)
        .withParameter("bias", affine)
        .withBuffer("running_mean", tracks)
        .withBuffer("running_var", tracks)
        .withBuffer("num_batches_tracked", tracks);
  }
}
