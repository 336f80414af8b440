// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import java.util.ArrayList;
import java.util.List;

/**
 * Query, key or value of an attention: a value of the method, and how its dimensions have to be
 * ordered to be {@code [..., length, features]}.
 *
 * @param value the value
 * @param order the permutation; null if there is none, or it is not spelled out
 * @param swapsLast whether the last two dimensions are swapped after that
 */
record AttentionOperand(GraphValue value, List<Long> order, boolean swapsLast) {

  static AttentionOperand of(GraphValue value) {
    return new AttentionOperand(value, null, false);
  }

  AttentionOperand swapped() {
    return new AttentionOperand(value, order, !swapsLast);
  }

  /** Insert what is needed to have the dimensions in order. */
  GraphValue insert(Match match) {
    if (order == null) {
      return swapsLast ? match.insert("aten::transpose.int", value, -2, -1) : value;
    }
    List<Long> all = new ArrayList<>(order);
    if (swapsLast) {
      all.set(all.size() - 1, order.get(order.size() - 2));
      all.set(all.size() - 2, order.get(order.size() - 1));
    }
    return EinsumProduct.isIdentity(all) ? value : match.insert("aten::permute", value, all);
  }
}
