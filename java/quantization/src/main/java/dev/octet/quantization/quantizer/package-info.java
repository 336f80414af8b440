// SPDX-License-Identifier: Apache-2.0
/** Quantizers: a range becomes a grid, and values are snapped to it. */
package dev.octet.quantization.quantizer;
