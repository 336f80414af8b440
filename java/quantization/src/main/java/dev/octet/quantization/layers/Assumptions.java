// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

/**
 * What is taken for granted of a call.
 *
 * @param inputs how many arguments it has; those behind them have their default values
 * @param rank the number of dimensions of the first argument; 0 if anything
 * @param training the mode of the module
 */
record Assumptions(int inputs, int rank, boolean training) {}
