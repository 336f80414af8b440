// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphValue;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Tells how many dimensions values have, as far as the operators that made them show it: a
 * two-dimensional convolution makes batches of images, and activations keep the rank.
 */
final class ValueRanks {

  private static final int UNKNOWN = 0;
  private static final int FARTHEST = 50;
  private static final int MATRIX = 2;

  private static final Set<String> KEEPING =
      Set.of(
          "relu",
          "relu6",
          "hardtanh",
          "leaky_relu",
          "elu",
          "selu",
          "celu",
          "gelu",
          "silu",
          "mish",
          "sigmoid",
          "tanh",
          "hardswish",
          "hardsigmoid",
          "softplus",
          "prelu",
          "dropout",
          "feature_dropout",
          "alpha_dropout",
          "batch_norm",
          "instance_norm",
          "group_norm",
          "layer_norm",
          "contiguous",
          "to",
          "clone",
          "detach",
          "add",
          "sub",
          "mul",
          "div",
          "neg",
          "abs",
          "pad",
          "constant_pad_nd",
          "linear");

  private final Map<GraphValue, GraphNode> makers;
  private final Function<Object, GraphAttribute> tensors;
  private final Map<GraphValue, Integer> known = new IdentityHashMap<>();

  ValueRanks(Map<GraphValue, GraphNode> makers, Function<Object, GraphAttribute> tensors) {
    this.makers = makers;
    this.tensors = tensors;
  }

  /** The number of dimensions; 0 if it is not known. */
  int of(GraphValue value) {
    return of(value, 0);
  }

  private int of(Object argument, int distance) {
    if (argument instanceof List<?> items && !items.isEmpty()) {
      return of(items.get(0), distance);
    }
    if (!(argument instanceof GraphValue value) || distance > FARTHEST) {
      return UNKNOWN;
    }
    Integer rank = known.get(value);
    if (rank == null) {
      GraphNode maker = makers.get(value);
      boolean function = maker != null && maker.kind() == Kind.CALL_FUNCTION;
      rank = function ? made(maker, distance) : UNKNOWN;
      known.put(value, rank);
    }
    return rank;
  }

  private int made(GraphNode node, int distance) {
    List<Object> arguments = node.arguments();
    String qualified = Operators.withoutOverload(node.target());
    String name = qualified.substring(qualified.lastIndexOf(':') + 1);
    String plain = name.endsWith("_") ? name.substring(0, name.length() - 1) : name;
    if (KEEPING.contains(plain) || plain.equals("cat")) {
      int rank = of(arguments.get(0), distance + 1);
      return rank == UNKNOWN && arguments.size() > 1 ? of(arguments.get(1), distance + 1) : rank;
    }
    if (plain.contains("conv") && arguments.size() > 1 && tensors.apply(arguments.get(1)) != null) {
      return (int) tensors.apply(arguments.get(1)).tensor().dim();
    }
    if (plain.matches("(adaptive_)?(max|avg)_pool[123]d")) {
      return plain.charAt(plain.length() - 2) - '0' + 2;
    }
    boolean toMatrix =
        plain.equals("addmm")
            || plain.equals("mm")
            || plain.equals("flatten")
                && Long.valueOf(1).equals(arguments.get(1))
                && Long.valueOf(-1).equals(arguments.get(2));
    return toMatrix ? MATRIX : UNKNOWN;
  }
}
