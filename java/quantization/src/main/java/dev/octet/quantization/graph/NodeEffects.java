// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/**
 * Tells what the nodes of a graph do besides making a result.
 *
 * <p>Operators are known by their schemas, libtorch's layers by their classes and modes, calls of
 * other graphs by their nodes. Of everything else the worst is assumed: that it changes its
 * arguments and hands them on. The answers hold while the modules of the graph, their training
 * modes and their methods stay. Not thread-safe.
 */
public final class NodeEffects {

  private static final Map<String, String> DROPOUT_SWITCHES =
      Map.of(
          "aten::dropout", "train",
          "aten::feature_dropout", "train",
          "aten::alpha_dropout", "train",
          "aten::feature_alpha_dropout", "train",
          "aten::native_dropout", "train",
          "aten::scaled_dot_product_attention", "dropout_p");

  private final GraphModule graph;
  private final Map<String, Boolean> pureTargets = new HashMap<>();

  /**
   * Look at a graph.
   *
   * @param graph the graph whose nodes are asked about
   */
  public NodeEffects(GraphModule graph) {
    this.graph = graph;
  }

  /**
   * Tell whether a node can be left out if nobody uses its result.
   *
   * @param node a node of the graph
   * @return false for nodes that change something, draw random numbers or may throw on purpose
   */
  public boolean isPure(GraphNode node) {
    return switch (node.kind()) {
      case GET_ATTRIBUTE, GET_ITEM, LIST, DICT, IS_INSTANCE -> true;
      case INPUT, SET_ATTRIBUTE, RAISE -> false;
      case CALL_FUNCTION -> isPureFunction(node);
      case CALL_MODULE, CALL_METHOD -> isPureCall(node);
      case IF, LOOP ->
          node.blocks().stream().allMatch(block -> block.nodes().stream().allMatch(this::isPure));
    };
  }

  private static boolean isPureFunction(GraphNode node) {
    OperatorSchema schema = OperatorSchema.of(node.target());
    return schema.hasResults()
        && !schema.writesAny()
        && !schema.takesGenerator()
        && !isRandom(node, schema);
  }

  private static boolean isRandom(GraphNode node, OperatorSchema schema) {
    if (schema.baseName().endsWith("_like") && schema.baseName().startsWith("aten::rand")) {
      return true;
    }
    String name = DROPOUT_SWITCHES.get(schema.baseName());
    if (name == null) {
      return false;
    }
    Object value = node.arguments().get(schema.parameters().indexOf(name));
    return !(Boolean.FALSE.equals(value) || value instanceof Double number && number == 0);
  }

  private boolean isPureCall(GraphNode node) {
    Boolean known = pureTargets.get(node.target());
    if (known == null) {
      known = node.kind() == GraphNode.Kind.CALL_MODULE ? isPureModule(node) : isPureMethod(node);
      pureTargets.put(node.target(), known);
    }
    return known;
  }

  private boolean isPureModule(GraphNode node) {
    Module module = graph.child(node.target());
    return module instanceof GraphModule child
        ? isPureMethod(child, GraphMethod.FORWARD)
        : LayerEffects.isKnown(module) && LayerEffects.isPure(module);
  }

  private boolean isPureMethod(GraphNode node) {
    int dot = node.target().lastIndexOf('.');
    return graph.child(node.target().substring(0, dot)) instanceof GraphModule child
        && isPureMethod(child, node.target().substring(dot + 1));
  }

  private static boolean isPureMethod(GraphModule child, String name) {
    GraphMethod method = child.methods().get(name);
    NodeEffects effects = new NodeEffects(child);
    return method != null
        && method.nodes().stream()
            .allMatch(node -> node.kind() == GraphNode.Kind.INPUT || effects.isPure(node));
  }

  /**
   * Return the values that a node may change in place, without those that its blocks change.
   *
   * @param node a node of the graph
   * @return values among its arguments
   */
  public List<GraphValue> written(GraphNode node) {
    return switch (node.kind()) {
      case CALL_FUNCTION -> writtenByOperator(node);
      case CALL_MODULE -> {
        Module module = graph.child(node.target());
        boolean writes =
            LayerEffects.isKnown(module) ? LayerEffects.worksInPlace(module) : !isPureCall(node);
        yield writes ? values(node.arguments()) : List.of();
      }
      case CALL_METHOD -> isPureCall(node) ? List.of() : values(node.arguments());
      default -> List.of();
    };
  }

  private static List<GraphValue> writtenByOperator(GraphNode node) {
    OperatorSchema schema = OperatorSchema.of(node.target());
    List<GraphValue> written = new ArrayList<>();
    for (int i = 0; i < node.arguments().size(); i++) {
      if (schema.writes(i)) {
        GraphValues.used(node.arguments().get(i), written::add);
      }
    }
    return written;
  }

  /**
   * Return the arguments that the result of a node may be, contain or share memory with.
   *
   * @param node a node of the graph; of one that controls blocks only the node's own arguments
   * @return values among its arguments
   */
  public List<GraphValue> aliased(GraphNode node) {
    return switch (node.kind()) {
      case CALL_FUNCTION -> aliasedByOperator(node);
      case CALL_MODULE -> {
        Module module = graph.child(node.target());
        boolean fresh = LayerEffects.isKnown(module) && !LayerEffects.passesOn(module);
        yield fresh ? List.of() : values(node.arguments());
      }
      default -> values(node.arguments());
    };
  }

  private static List<GraphValue> aliasedByOperator(GraphNode node) {
    OperatorSchema schema = OperatorSchema.of(node.target());
    List<GraphValue> aliased = new ArrayList<>();
    for (int i = 0; i < node.arguments().size(); i++) {
      if (schema.mayAlias(i)) {
        GraphValues.used(node.arguments().get(i), aliased::add);
      }
    }
    return aliased;
  }

  private static List<GraphValue> values(List<Object> arguments) {
    List<GraphValue> values = new ArrayList<>();
    GraphValues.used(arguments, values::add);
    return values;
  }
}
