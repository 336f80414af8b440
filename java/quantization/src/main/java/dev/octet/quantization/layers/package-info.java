// SPDX-License-Identifier: Apache-2.0
/**
 * Recognises the layers of torch.nn in recorded programs, and makes the presets' modules of them.
 */
package dev.octet.quantization.layers;
