// SPDX-License-Identifier: Apache-2.0
/**
 * Files of models from elsewhere: what kind a file is, whether a TorchScript archive is sound
 * before native code reads it, and the tensors of a {@code torch.save} archive. Nothing in a file
 * is executed here.
 */
package dev.octet.quantization.archive;
