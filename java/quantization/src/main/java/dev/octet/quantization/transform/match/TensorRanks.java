// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.OperatorSchema;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SoftmaxImpl;

/** Knows how many dimensions tensors have, where the nodes of a method tell. */
final class TensorRanks {

  private static final Set<String> SHAPED =
      Set.of(
          "aten::permute",
          "aten::view",
          "aten::reshape",
          "aten::_unsafe_view",
          "aten::expand",
          "aten::zeros",
          "aten::ones",
          "aten::full",
          "aten::empty");

  private static final Set<String> RANK_KEEPING =
      Set.of(
          "aten::transpose",
          "aten::swapaxes",
          "aten::swapdims",
          "aten::mT",
          "aten::contiguous",
          "aten::clone",
          "aten::detach",
          "aten::to",
          "aten::type_as",
          "aten::softmax",
          "aten::_softmax",
          "aten::log_softmax",
          "aten::dropout",
          "aten::slice",
          "aten::narrow",
          "aten::linear",
          "aten::layer_norm",
          "aten::rms_norm",
          "aten::masked_fill",
          "aten::relu",
          "aten::gelu",
          "aten::silu",
          "aten::tanh",
          "aten::sigmoid",
          "aten::neg",
          "aten::scaled_dot_product_attention");

  private static final Set<String> BROADCASTING =
      Set.of("aten::add", "aten::sub", "aten::mul", "aten::div", "aten::where");

  private static final Set<Class<?>> RANK_KEEPING_LAYERS =
      Set.of(
          LinearImpl.class,
          LayerNormImpl.class,
          DropoutImpl.class,
          IdentityImpl.class,
          SoftmaxImpl.class);

  private final GraphModule graph;
  private final ConstantNumbers numbers;
  private final Map<GraphValue, Integer> ranks = new HashMap<>();

  TensorRanks(GraphModule graph, ConstantNumbers numbers, List<GraphNode> nodes) {
    this.graph = graph;
    this.numbers = numbers;
    nodes.forEach(this::add);
  }

  /** Take the next node in. */
  void add(GraphNode node) {
    Integer rank =
        switch (node.kind()) {
          case GET_ATTRIBUTE -> attribute(node.target());
          case CALL_FUNCTION -> function(node);
          case CALL_MODULE -> layer(node);
          default -> null;
        };
    if (rank != null) {
      ranks.put(node.result(), rank);
    }
  }

  /** The number of dimensions of an argument; null if it is not known. */
  Integer of(Object argument) {
    if (numbers.of(argument) != null) {
      return 0;
    }
    return argument instanceof GraphValue value ? ranks.get(value) : null;
  }

  private Integer attribute(String path) {
    return TensorAttributes.read(graph, path, tensor -> (int) tensor.dim());
  }

  private Integer layer(GraphNode node) {
    Module layer = graph.child(node.target());
    if (node.arguments().isEmpty()) {
      return null;
    }
    Integer rank = of(node.arguments().get(0));
    if (layer.getClass() == EmbeddingImpl.class) {
      return plus(rank, 1);
    }
    return RANK_KEEPING_LAYERS.contains(layer.getClass()) ? rank : null;
  }

  private Integer function(GraphNode node) {
    String name = OperatorSchema.baseName(node.target());
    name = name.endsWith("_") ? name.substring(0, name.length() - 1) : name;
    List<Object> arguments = node.arguments();
    if (arguments.isEmpty()) {
      return null;
    }
    if (SHAPED.contains(name)) {
      return arguments.stream()
          .filter(List.class::isInstance)
          .map(shape -> ((List<?>) shape).size())
          .findFirst()
          .orElse(null);
    }
    Integer first = of(arguments.get(0));
    if (RANK_KEEPING.contains(name)) {
      return first;
    }
    if (BROADCASTING.contains(name)) {
      return largest(name.equals("aten::where") ? arguments : arguments.subList(0, 2));
    }
    return switch (name) {
      case "aten::unsqueeze" -> plus(first, 1);
      case "aten::select" -> plus(first, -1);
      case "aten::embedding" -> plus(of(arguments.get(1)), 1);
      case "aten::bmm", "aten::baddbmm" -> (Integer) 3;
      case "aten::t" -> (Integer) 2;
      case "aten::matmul" -> matmul(first, of(arguments.get(1)));
      case "aten::einsum" -> einsum(arguments.get(0));
      default -> null;
    };
  }

  private Integer largest(List<Object> arguments) {
    int largest = 0;
    for (Object argument : arguments) {
      Integer rank = of(argument);
      if (rank == null) {
        return null;
      }
      largest = Math.max(largest, rank);
    }
    return largest;
  }

  private static Integer matmul(Integer first, Integer second) {
    boolean matrices = first != null && second != null && first > 1 && second > 1;
    return matrices ? (Integer) Math.max(first, second) : null;
  }

  /** The letters of the result, where it is spelled out. */
  private static Integer einsum(Object equation) {
    if (!(equation instanceof String text) || !text.contains("->") || text.contains(".")) {
      return null;
    }
    return text.substring(text.indexOf("->") + 2).replace(" ", "").length();
  }

  private static Integer plus(Integer rank, int more) {
    return rank == null ? null : (Integer) (rank + more);
  }
}
