// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** Tells which values are sure to hold floating point numbers, not integers or booleans. */
final class FloatingValues {

  private static final int MAX_DEPTH = 8;

  private static final Set<String> ALWAYS =
      Set.of("aten::div", "aten::sigmoid", "aten::tanh", "aten::log", "aten::exp", "aten::softmax");

  /** Operators whose result is floating if any operand is. */
  private static final Set<String> ARITHMETIC =
      Set.of("aten::add", "aten::sub", "aten::rsub", "aten::mul");

  /** Operators that leave the type of their first argument. */
  private static final Set<String> KEEPING =
      Set.of(
          "aten::unsqueeze",
          "aten::squeeze",
          "aten::view",
          "aten::reshape",
          "aten::expand",
          "aten::permute",
          "aten::transpose",
          "aten::slice",
          "aten::select",
          "aten::contiguous",
          "aten::masked_fill",
          "aten::neg");

  private FloatingValues() {}

  static boolean isFloating(Object argument, MatchedMethod method) {
    return isFloating(argument, method, MAX_DEPTH);
  }

  private static boolean isFloating(Object argument, MatchedMethod method, int depth) {
    GraphNode node = method.producer(argument);
    if (node == null || depth == 0) {
      return argument instanceof Double;
    }
    String operator = MatchedMethod.operatorOf(node);
    if (operator == null) {
      return Boolean.TRUE.equals(method.attribute(argument, Tensor::is_floating_point));
    }
    List<Object> arguments = node.arguments();
    if (ARITHMETIC.contains(operator)) {
      return isFloating(arguments.get(0), method, depth - 1)
          || isFloating(arguments.get(1), method, depth - 1);
    }
    if (operator.equals("aten::to")) {
      return Casts.isWide(MatchedMethod.argument(node, "dtype"));
    }
    return ALWAYS.contains(operator)
        || KEEPING.contains(operator) && isFloating(arguments.get(0), method, depth - 1);
  }
}
