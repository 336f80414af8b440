// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

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

  /** What a value is the transpose of, in its last two dimensions; null if its node is none. */
  static AttentionOperand transposeOf(GraphValue transposed, MatchedMethod method) {
    GraphNode node = method.producer(transposed);
    String operator = MatchedMethod.operatorOf(node);
    if (operator == null || !(node.arguments().get(0) instanceof GraphValue before)) {
      return null;
    }
    List<Object> arguments = node.arguments();
    return switch (operator) {
      case "aten::transpose", "aten::swapaxes", "aten::swapdims" ->
          isLastTwo(arguments.get(1), arguments.get(2), method.rank(transposed))
              ? of(before)
              : null;
      case "aten::mT", "aten::adjoint", "aten::t" -> of(before);
      case "aten::permute" -> permuted(before, arguments.get(1));
      default -> null;
    };
  }

  private static AttentionOperand permuted(GraphValue before, Object dims) {
    if (!(dims instanceof List<?> list)
        || list.size() < 2
        || !list.stream().allMatch(Long.class::isInstance)) {
      return null;
    }
    List<Long> order =
        list.stream().map(dim -> Math.floorMod((Long) dim, (long) list.size())).toList();
    return new AttentionOperand(before, order, true);
  }

  private static boolean isLastTwo(Object a, Object b, Integer rank) {
    if (!(a instanceof Long one) || !(b instanceof Long other)) {
      return false;
    }
    long[] dims =
        LongStream.of(one, other)
            .map(dim -> dim >= 0 && rank != null ? dim - rank : dim)
            .sorted()
            .toArray();
    return dims[0] == -2 && dims[1] == -1;
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
