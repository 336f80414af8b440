// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** A call of {@code aten::batch_norm} in a graph. Closes its handles of tensors. */
final class FunctionalBatchNorm implements AutoCloseable {

  private final GraphNode node;
  private final MatchedMethod method;
  private final Set<String> set;
  private final BatchNormStatistics statistics;

  /**
   * Look at a call.
   *
   * @param set the names of the attributes that any graph of the model sets
   */
  FunctionalBatchNorm(GraphNode node, MatchedMethod method, Set<String> set) {
    this.node = node;
    this.method = method;
    this.set = set;
    Double eps = method.number(MatchedMethod.argument(node, "eps"));
    statistics =
        new BatchNormStatistics(
            tensor("weight"),
            tensor("bias"),
            tensor("running_mean"),
            tensor("running_var"),
            eps == null ? Double.NaN : eps);
  }

  /** The calls in a method, in the order in which they are written. */
  static List<GraphNode> nodes(GraphMethod method) {
    List<GraphNode> nodes = new ArrayList<>();
    GraphNodes.visit(
        method.nodes(),
        node -> {
          if ("aten::batch_norm".equals(MatchedMethod.operatorOf(node))) {
            nodes.add(node);
          }
        });
    return nodes;
  }

  private Tensor tensor(String parameter) {
    return method.attribute(MatchedMethod.argument(node, parameter), Tensor::new);
  }

  BatchNormStatistics statistics() {
    return statistics;
  }

  /** Why it cannot be folded, whatever comes before it; null if nothing speaks against it. */
  String problem() {
    if (!Boolean.FALSE.equals(method.bool(MatchedMethod.argument(node, "training")))) {
      return "it is in training mode, or not known to be in eval mode";
    }
    if (!statistics.isTracked()) {
      return "it has no running statistics that are attributes of the graph";
    }
    for (String parameter : List.of("weight", "bias", "running_mean", "running_var")) {
      Object argument = MatchedMethod.argument(node, parameter);
      if (argument instanceof GraphValue value && !isConstant(value)) {
        return "its " + parameter + " is not always the same";
      }
    }
    return Double.isNaN(statistics.eps()) ? "its eps is not always the same" : null;
  }

  private boolean isConstant(GraphValue value) {
    GraphNode read = method.producer(value);
    return read != null
        && read.kind() == GraphNode.Kind.GET_ATTRIBUTE
        && !set.contains(GraphMethods.lastName(read.target()))
        && !method.aliases().isWritten(value);
  }

  @Override
  public void close() {
    for (Tensor tensor :
        new Tensor[] {
          statistics.weight(), statistics.bias(), statistics.mean(), statistics.variance()
        }) {
      if (tensor != null) {
        tensor.close();
      }
    }
  }
}
