// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import org.bytedeco.pytorch.GraphFunction;

/**
 * A function as a value of the program that is imported.
 *
 * @param function the function
 */
record FunctionRef(GraphFunction function) {}
