// SPDX-License-Identifier: Apache-2.0
/**
 * The manager of one quantized tensor: a quantizer, a range estimator and the state they are in.
 */
package dev.octet.quantization.manager;
