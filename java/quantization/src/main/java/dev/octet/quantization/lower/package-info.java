// SPDX-License-Identifier: Apache-2.0
/**
 * Converted and calibrated graphs made into programs of the runtime: shapes are found by running
 * the graph, grids go from layer to layer, operations are fused, and a report says what runs how
 * and why.
 */
package dev.octet.quantization.lower;
