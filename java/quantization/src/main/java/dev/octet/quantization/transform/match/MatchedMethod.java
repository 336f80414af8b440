// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphAliases;
import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.NodeEffects;
import dev.octet.quantization.graph.OperatorSchema;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * A method in which patterns are looked for, with what is known of its values.
 *
 * <p>What is known is found once and kept up to date with nodes that are {@linkplain #insert
 * inserted}. Not thread-safe.
 */
public final class MatchedMethod {

  private static final String TRAINING = "training";
  private static final int MAX_DEPTH = 8;

  /** Operators by which sizes are read and computed. */
  private static final Set<String> NUMBERS =
      Set.of(
          "aten::size",
          "aten::Int",
          "aten::IntImplicit",
          "aten::floordiv",
          "aten::floor_divide",
          "aten::mul",
          "prim::NumToTensor");

  private final GraphModule graph;
  private final GraphEditor editor;
  private final NodeEffects effects;
  private final GraphAliases aliases;
  private final ConstantNumbers numbers;
  private final TensorRanks ranks;
  private final PolynomialExpansion polynomials = new PolynomialExpansion(this);

  /**
   * Look at a method.
   *
   * @param graph the graph
   * @param method the name of one of its methods
   */
  public MatchedMethod(GraphModule graph, String method) {
    this.graph = graph;
    editor = new GraphEditor(graph.methods().get(method));
    effects = new NodeEffects(graph);
    aliases = new GraphAliases(editor, effects);
    List<GraphNode> nodes = editor.nodes();
    numbers = new ConstantNumbers(graph, aliases, nodes);
    ranks = new TensorRanks(graph, numbers, nodes);
    new SizeReads(this).lift();
  }

  /** Return the method as it is being changed. */
  public GraphEditor editor() {
    return editor;
  }

  /** Return what the nodes do. */
  public NodeEffects effects() {
    return effects;
  }

  /** Return which values share memory. */
  public GraphAliases aliases() {
    return aliases;
  }

  /**
   * Return the node that makes an argument.
   *
   * @param argument a value or constant
   * @return null for a constant and for a parameter of a block
   */
  public GraphNode producer(Object argument) {
    return argument instanceof GraphValue value ? editor.producer(value) : null;
  }

  /**
   * Return the number that an argument is in every run.
   *
   * @param argument a value or constant
   * @return null if it is no number, or not always the same
   */
  public Double number(Object argument) {
    return numbers.of(argument);
  }

  /**
   * Return the boolean that an argument is, at present in the case of a module's training mode.
   *
   * @param argument a value or constant
   * @return null if it is no boolean, or not known
   */
  public Boolean bool(Object argument) {
    if (argument instanceof Boolean constant) {
      return constant;
    }
    GraphNode node = producer(argument);
    if (node == null || node.kind() != GraphNode.Kind.GET_ATTRIBUTE) {
      return null;
    }
    String path = node.target();
    if (path.equals(TRAINING)) {
      return graph.is_training();
    }
    return path.endsWith("." + TRAINING)
        ? (Boolean)
            graph.child(path.substring(0, path.length() - TRAINING.length() - 1)).is_training()
        : null;
  }

  /**
   * Tell whether a node is in the block of another, and its result used only once.
   *
   * @param node any node
   * @param root a node
   */
  public boolean isPrivate(GraphNode node, GraphNode root) {
    return editor.useCount(node.result()) == 1 && editor.inSameBlock(node.result(), root.result());
  }

  /**
   * Tell whether two arguments are sure to be the same number.
   *
   * @param a a value or constant
   * @param b a value or constant
   */
  public boolean sameNumber(Object a, Object b) {
    return sameNumber(a, b, MAX_DEPTH);
  }

  private boolean sameNumber(Object a, Object b, int depth) {
    if (Objects.equals(a, b)) {
      return true;
    }
    GraphNode one = producer(a);
    GraphNode other = producer(b);
    if (depth == 0
        || one == null
        || other == null
        || one.kind() != GraphNode.Kind.CALL_FUNCTION
        || !NUMBERS.contains(OperatorSchema.baseName(one.target()))
        || !one.target().equals(other.target())
        || one.arguments().size() != other.arguments().size()) {
      return false;
    }
    for (int i = 0; i < one.arguments().size(); i++) {
      if (!sameNumber(one.arguments().get(i), other.arguments().get(i), depth - 1)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Return how many dimensions an argument has.
   *
   * @param argument a value or constant
   * @return null if the nodes do not tell
   */
  public Integer rank(Object argument) {
    return ranks.of(argument);
  }

  /**
   * Return the module that a node calls.
   *
   * @param node any node, or null
   * @return null if it calls none
   */
  public Module module(GraphNode node) {
    return node != null && node.kind() == GraphNode.Kind.CALL_MODULE
        ? graph.child(node.target())
        : null;
  }

  /**
   * Read something of the tensor that an argument is, if it is an attribute.
   *
   * @param argument a value or constant
   * @param reader what to read of the tensor, which it must not keep
   * @param <T> the type of what is read
   * @return null if the argument is no attribute
   */
  public <T> T attribute(Object argument, Function<Tensor, T> reader) {
    GraphNode node = producer(argument);
    return node != null && node.kind() == GraphNode.Kind.GET_ATTRIBUTE
        ? TensorAttributes.read(graph, node.target(), reader)
        : null;
  }

  /**
   * Return the operator that a node calls.
   *
   * @param node any node, or null
   * @return the name without overload and without the underscore of the variant that works in
   *     place; null if it calls none, or one that writes to a tensor given for the result
   */
  public static String operatorOf(GraphNode node) {
    if (node == null || node.kind() != GraphNode.Kind.CALL_FUNCTION) {
      return null;
    }
    String base = OperatorSchema.baseName(node.target());
    String overload = node.target().substring(base.length());
    if (overload.equals(".out") || overload.endsWith("_out")) {
      return null;
    }
    return base.endsWith("_") && !base.endsWith("__") ? base.substring(0, base.length() - 1) : base;
  }

  /**
   * Return an argument of an operator's call.
   *
   * @param node a node that calls an operator
   * @param parameter the name of the parameter
   * @return null if it is None, or if the operator has no such parameter
   */
  public static Object argument(GraphNode node, String parameter) {
    int index = OperatorSchema.of(node.target()).parameters().indexOf(parameter);
    return index < 0 ? null : node.arguments().get(index);
  }

  /** The polynomial that a node computes. */
  PolynomialExpansion.Expanded polynomial(GraphNode node) {
    return polynomials.of(node);
  }

  /**
   * Insert a call of an operator.
   *
   * @param place the result of the node before which it is to run
   * @param operator the qualified name with overload
   * @param arguments its arguments; those left out at the end take their defaults
   * @return its result
   */
  GraphValue insert(GraphNode place, String operator, List<?> arguments) {
    GraphValue value = editor.insertFunction(place.result(), operator, arguments, place.source());
    GraphNode node = editor.producer(value);
    aliases.add(node);
    numbers.add(node);
    ranks.add(node);
    polynomials.clear();
    return value;
  }
}
