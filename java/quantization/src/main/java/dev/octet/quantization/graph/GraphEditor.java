// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A method of a graph that is being changed; knows which node makes a value and which use it.
 *
 * <p>Nodes are named by their results, which stay the same objects when their arguments change. A
 * change costs no more than the nodes that it touches. The method that the editor was made of stays
 * as it is: pass {@link #method} to {@link GraphModule#replaceMethod}. Not thread-safe.
 */
public final class GraphEditor {

  private final GraphMethod original;
  private final EditedBlock body;
  private final Map<GraphValue, EditedNode> nodes = new HashMap<>();
  private final Map<GraphValue, ValueUses> uses = new HashMap<>();
  private final Set<String> names = new HashSet<>();
  private boolean changed;

  /**
   * Start to change a method.
   *
   * @param method what it is now
   */
  public GraphEditor(GraphMethod method) {
    original = method;
    body = block(null, List.of(), method.nodes(), Collections.singletonList(method.output()));
    body.number(0);
  }

  private EditedBlock block(
      EditedNode owner,
      List<GraphValue> parameters,
      List<GraphNode> content,
      List<Object> outputs) {
    EditedBlock block = new EditedBlock(owner, parameters, outputs);
    parameters.forEach(parameter -> names.add(parameter.name()));
    for (GraphNode node : content) {
      EditedNode edited = new EditedNode(node);
      register(edited);
      block.append(edited);
      for (GraphBlock inner : node.blocks()) {
        edited.blocks.add(block(edited, inner.parameters(), inner.nodes(), inner.outputs()));
      }
    }
    GraphValues.used(outputs, value -> uses(value).add(block));
    return block;
  }

  private void register(EditedNode node) {
    nodes.put(node.result(), node);
    names.add(node.result().name());
    GraphValues.used(node.arguments(), value -> uses(value).add(node));
  }

  private ValueUses uses(GraphValue value) {
    return uses.computeIfAbsent(value, v -> new ValueUses());
  }

  /**
   * Return the nodes as they are now.
   *
   * @return in the order in which they are written, those of blocks after the node that controls
   *     them; later changes do not show in it
   */
  public List<GraphNode> nodes() {
    List<GraphNode> all = new ArrayList<>(nodes.size());
    GraphNodes.visit(body.nodes(), all::add);
    return all;
  }

  /**
   * Return the node that makes a value.
   *
   * @param value a value of the method
   * @return the node as it is now; null if the value is a parameter of a block or its node is gone
   */
  public GraphNode producer(GraphValue value) {
    EditedNode node = nodes.get(value);
    return node == null ? null : node.current();
  }

  /**
   * Return the nodes that have a value among their arguments.
   *
   * @param value a value of the method
   * @return each node once
   */
  public List<GraphNode> users(GraphValue value) {
    return uses(value).nodes().stream().map(EditedNode::current).toList();
  }

  /**
   * Count the occurrences of a value in arguments and in what the method and its blocks hand back.
   *
   * @param value a value of the method
   * @return 0 if nothing needs it
   */
  public int useCount(GraphValue value) {
    return uses(value).count();
  }

  /**
   * Tell whether the method or one of its blocks hands a value back.
   *
   * @param value a value of the method
   */
  public boolean isOutput(GraphValue value) {
    return !uses(value).blocks().isEmpty();
  }

  /**
   * Tell whether two nodes are in the same block.
   *
   * @param a the result of a node
   * @param b the result of a node
   */
  public boolean inSameBlock(GraphValue a, GraphValue b) {
    return edited(a).parent == edited(b).parent;
  }

  /**
   * Return a number that increases in the order in which nodes are written, those of blocks after
   * the node that controls them. Insertions may change it.
   *
   * @param value the result of a node
   * @return the position of the node
   */
  public long position(GraphValue value) {
    return edited(value).position;
  }

  /**
   * Insert a node.
   *
   * @param place the result of the node before which it is to run
   * @param name the name, to which a number is added if it is taken
   * @param kind what it does; no kind that has blocks
   * @param target what it is applied to
   * @param arguments its arguments
   * @param source where it comes from, for messages; may be null
   * @return its result
   */
  public GraphValue insertBefore(
      GraphValue place,
      String name,
      GraphNode.Kind kind,
      String target,
      List<?> arguments,
      String source) {
    EditedNode before = edited(place);
    GraphValue result = new GraphValue(unused(name));
    EditedNode node =
        new EditedNode(
            new GraphNode(result, kind, target, new ArrayList<>(arguments), List.of(), source));
    register(node);
    before.parent.insertBefore(before, node);
    number(node);
    changed = true;
    return result;
  }

  /**
   * Insert a call of an operator.
   *
   * @param place the result of the node before which it is to run
   * @param operator the qualified name with overload, such as {@code aten::add.Tensor}
   * @param arguments the arguments in the order of the schema; those left out at the end take their
   *     defaults
   * @param source where it comes from, for messages; may be null
   * @return its result
   * @throws IllegalArgumentException if there is no such operator, or the arguments do not fit it
   */
  public GraphValue insertFunction(
      GraphValue place, String operator, List<?> arguments, String source) {
    List<Operator.Parameter> parameters = Operator.of(operator).parameters();
    ArgumentTypes types = new ArgumentTypes(operator, value -> null);
    List<Object> complete = new ArrayList<>();
    for (int i = 0; i < Math.max(parameters.size(), arguments.size()); i++) {
      if (i >= parameters.size() || i >= arguments.size() && !parameters.get(i).hasDefault()) {
        throw new IllegalArgumentException(
            operator
                + " takes "
                + parameters.size()
                + " arguments, and "
                + arguments.size()
                + " are given; those without default must be there: "
                + parameters.stream().map(Operator.Parameter::name).toList());
      }
      complete.add(
          i < arguments.size()
              ? types.normalize(arguments.get(i), parameters.get(i))
              : parameters.get(i).defaultValue());
    }
    String base = OperatorSchema.baseName(operator);
    String name = base.substring(base.lastIndexOf(':') + 1);
    return insertBefore(place, name, GraphNode.Kind.CALL_FUNCTION, operator, complete, source);
  }

  private String unused(String name) {
    String unused = name;
    for (int i = 1; names.contains(unused); i++) {
      unused = name + "_" + i;
    }
    return unused;
  }

  /** Give a new node a position between its neighbours, or all new ones where there is none. */
  private void number(EditedNode node) {
    long after = node.next.position;
    long before = node.previous == null ? beginning(node.parent) : lastPosition(node.previous);
    node.position = before + (after - before) / 2;
    if (node.position <= before || node.position >= after) {
      body.number(0);
    }
  }

  private static long beginning(EditedBlock block) {
    return block.owner == null ? 0 : block.owner.position;
  }

  private static long lastPosition(EditedNode node) {
    long last = node.position;
    for (EditedBlock block : node.blocks) {
      if (block.last != null) {
        last = lastPosition(block.last);
      }
    }
    return last;
  }

  /**
   * Let everything that uses a value use something else.
   *
   * @param value the value, whose node stays
   * @param replacement a value that is there wherever the old one is used, or a constant
   */
  public void replaceUses(GraphValue value, Object replacement) {
    if (replacement == value || useCount(value) == 0) {
      return;
    }
    ValueUses old = uses.remove(value);
    for (EditedNode node : old.nodes()) {
      node.arguments(replaced(node.arguments(), value, replacement));
    }
    for (EditedBlock block : old.blocks()) {
      block.outputs = replaced(block.outputs, value, replacement);
    }
    GraphValues.used(replacement, used -> uses(used).addAll(old));
    changed = true;
  }

  @SuppressWarnings("unchecked")
  private static List<Object> replaced(List<Object> items, GraphValue value, Object replacement) {
    return (List<Object>) GraphValues.replace(items, other -> other == value ? replacement : other);
  }

  /**
   * Remove a node.
   *
   * @param value its result, which nothing may use any more
   * @throws IllegalStateException if something uses it
   */
  public void erase(GraphValue value) {
    EditedNode node = edited(value);
    if (useCount(value) > 0) {
      throw new IllegalStateException(
          "node '"
              + value
              + "' is used by "
              + users(value).stream().map(GraphNode::name).toList()
              + (isOutput(value) ? " and returned" : "")
              + "; replace its uses before erasing it");
    }
    forget(node);
    node.parent.remove(node);
    changed = true;
  }

  private void forget(EditedNode node) {
    nodes.remove(node.result());
    uses.remove(node.result());
    GraphValues.used(node.arguments(), used -> uses(used).remove(node));
    for (EditedBlock block : node.blocks) {
      GraphValues.used(block.outputs, used -> uses(used).remove(block));
      for (EditedNode inner = block.first; inner != null; inner = inner.next) {
        forget(inner);
      }
    }
  }

  /** Tell whether anything was changed. */
  public boolean isChanged() {
    return changed;
  }

  /**
   * Return the method as it is now.
   *
   * @return with the inputs of the original
   */
  public GraphMethod method() {
    return new GraphMethod(original.inputs(), body.nodes(), body.outputs.get(0));
  }

  private EditedNode edited(GraphValue value) {
    EditedNode node = nodes.get(value);
    if (node == null) {
      throw new IllegalArgumentException(
          "value '"
              + value
              + "' is made by no node of this method; expected the result of a node that was not"
              + " erased");
    }
    return node;
  }
}
