// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.graph.GraphBlock;
import dev.octet.quantization.graph.GraphMethod;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Replaces operators that write into their first argument by those that make a new tensor: {@code
 * aten::add_} by {@code aten::add}. Later nodes use the new tensor.
 *
 * <p>This is refused where it could change results: where a view of the same memory, made before,
 * is used after.
 */
final class Functionalization {
  private static final Set<String> VIEWS =
      Set.of(
          "alias",
          "chunk",
          "contiguous",
          "detach",
          "expand",
          "expand_as",
          "flatten",
          "narrow",
          "permute",
          "reshape",
          "select",
          "slice",
          "split",
          "squeeze",
          "t",
          "to",
          "transpose",
          "unbind",
          "unflatten",
          "unsqueeze",
          "view",
          "view_as");

  private final Map<GraphValue, GraphValue> roots = new IdentityHashMap<>();
  private final Map<GraphValue, GraphValue> replaced = new IdentityHashMap<>();
  private final Map<GraphValue, GraphNode> stale = new IdentityHashMap<>();

  private Functionalization() {}

  /**
   * Rewrites a method without blocks.
   *
   * @throws LoweringException if a value changes behind a view
   */
  static GraphMethod apply(GraphMethod method) {
    return new Functionalization().rewrite(method);
  }

  private GraphMethod rewrite(GraphMethod method) {
    List<GraphNode> nodes = new ArrayList<>();
    for (GraphNode original : method.nodes()) {
      GraphNode node = GraphValues.replace(original, this::current);
      GraphValues.used(node, value -> checkFresh(value, node));
      GraphValue first =
          !node.arguments().isEmpty() && node.arguments().get(0) instanceof GraphValue value
              ? value
              : null;
      if (first != null && isInPlace(node)) {
        GraphNode pure = pure(node);
        nodes.add(pure);
        GraphValue root = root(first);
        for (GraphValue value : List.copyOf(roots.keySet())) {
          if (value != first && root(value) == root) {
            stale.put(value, node);
          }
        }
        if (root != first) {
          stale.put(root, node);
        }
        replaced.put(first, pure.result());
        continue;
      }
      if (first != null && isView(node)) {
        roots.put(node.result(), root(first));
      }
      nodes.add(node);
    }
    Object output = GraphValues.replace(method.output(), this::current);
    return new GraphMethod(method.inputs(), nodes, output);
  }

  private Object current(GraphValue value) {
    GraphValue now = value;
    while (replaced.containsKey(now)) {
      now = replaced.get(now);
    }
    return now;
  }

  private GraphValue root(GraphValue value) {
    return roots.getOrDefault(value, value);
  }

  private void checkFresh(GraphValue value, GraphNode node) {
    GraphNode writer = stale.get(value);
    if (writer != null) {
      throw new LoweringException(
          "node '"
              + writer.name()
              + "' ("
              + writer.target()
              + (writer.source() == null ? "" : ", " + writer.source())
              + ") writes into memory of which '"
              + value.name()
              + "' is a view or the whole, and '"
              + node.name()
              + "' uses that afterwards; a program has no views. Let the model make a new tensor"
              + " there");
    }
  }

  private static String base(GraphNode node) {
    String name = node.target().substring(node.target().lastIndexOf(':') + 1);
    int dot = name.indexOf('.');
    return dot < 0 ? name : name.substring(0, dot);
  }

  private static boolean isView(GraphNode node) {
    return node.kind() == GraphNode.Kind.GET_ITEM
        || node.kind() == GraphNode.Kind.CALL_FUNCTION && VIEWS.contains(base(node));
  }

  private static boolean isInPlace(GraphNode node) {
    String base = base(node);
    return node.kind() == GraphNode.Kind.CALL_FUNCTION
        && node.target().startsWith("aten::")
        && base.endsWith("_")
        && !base.startsWith("__");
  }

  private static GraphNode pure(GraphNode node) {
    String base = base(node);
    String target = node.target().replace("::" + base, "::" + base.substring(0, base.length() - 1));
    return new GraphNode(
        node.result(), node.kind(), target, node.arguments(), List.<GraphBlock>of(), node.source());
  }
}
