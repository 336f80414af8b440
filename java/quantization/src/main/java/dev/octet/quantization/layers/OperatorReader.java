// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphAttribute;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphNode.Kind;
import dev.octet.quantization.graph.GraphNodes;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** Finds operators in a method that layers of torch.nn are made of. */
final class OperatorReader implements AutoCloseable {

  private static final Map<String, OperatorRoles> ROLES = OperatorRoles.all();

  private final Map<String, GraphAttribute> tensors;
  private final Map<GraphValue, GraphNode> makers = new IdentityHashMap<>();
  private final Map<GraphValue, List<GraphNode>> users = new IdentityHashMap<>();
  private final List<Tensor> handles = new ArrayList<>();
  private final ValueRanks ranks;

  OperatorReader(GraphMethod method, Map<String, GraphAttribute> tensors) {
    this.tensors = tensors;
    GraphNodes.visit(method.nodes(), this::index);
    GraphValues.used(method.output(), value -> use(value, null));
    ranks = new ValueRanks(makers, this::tensor);
  }

  private void index(GraphNode node) {
    makers.put(node.result(), node);
    GraphValues.used(node.arguments(), value -> use(value, node));
    node.blocks().forEach(block -> GraphValues.used(block.outputs(), value -> use(value, null)));
  }

  private void use(GraphValue value, GraphNode user) {
    users.computeIfAbsent(value, key -> new ArrayList<>()).add(user);
  }

  /** The tensor that an argument is; null if it is computed, or no tensor. */
  private GraphAttribute tensor(Object argument) {
    String name = name(argument);
    return name == null ? null : tensors.get(name);
  }

  private String name(Object argument) {
    GraphNode maker = argument instanceof GraphValue value ? makers.get(value) : null;
    return maker != null && maker.kind() == Kind.GET_ATTRIBUTE ? maker.target() : null;
  }

  /** The layer that begins with a node, with the bias that a later node adds. */
  Optional<OperatorLayer> layer(GraphNode node) {
    if (node.kind() != Kind.CALL_FUNCTION) {
      return Optional.empty();
    }
    OperatorRoles roles = ROLES.get(Operators.withoutOverload(node.target()));
    return roles != null ? operator(node, roles) : product(node, biasOf(node));
  }

  /** The layer that a node is, without a bias that a later one adds. */
  Optional<OperatorLayer> layerAlone(GraphNode node) {
    return node.kind() == Kind.CALL_FUNCTION ? product(node, null) : Optional.empty();
  }

  private Optional<OperatorLayer> operator(GraphNode node, OperatorRoles roles) {
    if (!(node.arguments().get(roles.input()) instanceof GraphValue input)
        || tensor(node.arguments().get(roles.weight())) == null) {
      return Optional.empty();
    }
    Map<String, Object> slots = new LinkedHashMap<>();
    roles.slots().forEach((slot, index) -> slots.put(slot, node.arguments().get(index)));
    slots.values().removeIf(Objects::isNull);
    int rank = roles.byInput() ? ranks.of(input) : rank(node.arguments().get(roles.weight()));
    String className = roles.className(node, rank);
    if (className == null || slots.values().stream().anyMatch(slot -> tensor(slot) == null)) {
      return Optional.empty();
    }
    Map<String, GraphAttribute> own = new LinkedHashMap<>();
    slots.forEach((slot, argument) -> own.put(slot, tensor(argument)));
    String weight = name(node.arguments().get(roles.weight()));
    return LayerMethods.of(node, input, slots)
        .map(
            forward ->
                new OperatorLayer(className, roles.kind(), input, forward, own, weight, null));
  }

  private int rank(Object argument) {
    return (int) tensor(argument).tensor().dim();
  }

  /** The node that adds a bias to a product, which nothing else uses. */
  private GraphNode biasOf(GraphNode product) {
    List<GraphNode> uses = users.getOrDefault(product.result(), List.of());
    if (uses.size() != 1 || uses.get(0) == null || uses.get(0).kind() != Kind.CALL_FUNCTION) {
      return null;
    }
    GraphNode sum = uses.get(0);
    String operator = Operators.withoutOverload(sum.target());
    boolean adds = operator.equals("aten::add") || operator.equals("aten::add_");
    return adds
            && sum.arguments().size() == 3
            && sum.arguments().get(0) == product.result()
            && tensor(sum.arguments().get(1)) != null
            && rank(sum.arguments().get(1)) == 1
            && isOne(sum.arguments().get(2))
        ? sum
        : null;
  }

  private static boolean isOne(Object number) {
    return number instanceof Number n && n.doubleValue() == 1;
  }

  /** x W^T + b, in a form that is not one operator. */
  private Optional<OperatorLayer> product(GraphNode node, GraphNode sum) {
    List<Object> in = node.arguments();
    Object bias = sum == null ? null : sum.arguments().get(1);
    return switch (Operators.withoutOverload(node.target())) {
      case "aten::addmm" ->
          isOne(in.get(3)) && isOne(in.get(4)) && tensor(in.get(0)) != null
              ? linear(in.get(1), in.get(2), in.get(0), null)
              : Optional.empty();
      case "aten::matmul", "aten::mm" -> linear(in.get(0), in.get(1), bias, sum);
      default -> Optional.empty();
    };
  }

  private Optional<OperatorLayer> linear(Object input, Object factor, Object bias, GraphNode sum) {
    GraphAttribute weight = transposed(factor, bias != null);
    if (!(input instanceof GraphValue value) || weight == null || tensor(input) != null) {
      return Optional.empty();
    }
    Map<String, GraphAttribute> own = new LinkedHashMap<>();
    own.put("weight", weight);
    if (bias != null) {
      own.put("bias", tensor(bias));
    }
    GraphNode maker = makers.get((GraphValue) factor);
    String name = name(factor) != null ? name(factor) : name(maker.arguments().get(0));
    return Optional.of(
        new OperatorLayer(
            "linear.Linear", "linear", value, LayerMethods.linear(bias != null), own, name, sum));
  }

  /** The weight whose transpose is a factor; freezing computes that once and for all. */
  private GraphAttribute transposed(Object factor, boolean hasBias) {
    GraphAttribute constant = tensor(factor);
    if (constant != null) {
      boolean computed = hasBias && constant.kind() == GraphAttribute.Kind.CONSTANT;
      if (!computed || constant.tensor().dim() != 2) {
        return null;
      }
      Tensor weight = constant.tensor().t();
      handles.add(weight);
      return new GraphAttribute(weight, constant.kind());
    }
    GraphNode maker = factor instanceof GraphValue value ? makers.get(value) : null;
    if (maker == null || maker.kind() != Kind.CALL_FUNCTION) {
      return null;
    }
    boolean transposes =
        switch (Operators.withoutOverload(maker.target())) {
          case "aten::t", "aten::numpy_T" -> true;
          case "aten::transpose" -> swapsBoth(maker.arguments());
          default -> false;
        };
    GraphAttribute weight = transposes ? tensor(maker.arguments().get(0)) : null;
    return weight == null || weight.tensor().dim() != 2 ? null : weight;
  }

  @Override
  public void close() {
    handles.forEach(Tensor::close);
  }

  private static boolean swapsBoth(List<Object> arguments) {
    return arguments.get(1) instanceof Long a
        && arguments.get(2) instanceof Long b
        && Math.floorMod(a, 2) != Math.floorMod(b, 2);
  }
}
