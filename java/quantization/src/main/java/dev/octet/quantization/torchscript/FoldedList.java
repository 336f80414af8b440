// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.torchscript;

import java.util.List;

/**
 * A list that nothing changes, so that it can be written into the arguments of the nodes that use
 * it.
 *
 * @param items values, constants, tuples as lists, or further folded lists
 * @param type its type as TorchScript writes it
 */
record FoldedList(List<Object> items, String type) {}
