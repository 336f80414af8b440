// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * One step of a graph.
 *
 * @param result the value that the node makes; its name is the node's name
 * @param kind what the node does
 * @param target what it is applied to; see {@link Kind}
 * @param arguments the arguments: {@link GraphValue}, {@code Long}, {@code Double}, {@code
 *     Boolean}, {@code String}, null for None, or a list of these; for an operator all of its
 *     parameters, in the order of its schema; unmodifiable
 * @param blocks the blocks of a node that controls the flow, else empty
 * @param source where the node comes from in the program that the graph was recorded from, for
 *     messages; null if not known
 */
public record GraphNode(
    GraphValue result,
    Kind kind,
    String target,
    List<Object> arguments,
    List<GraphBlock> blocks,
    String source) {

  /** What a node does. */
  public enum Kind {
    /** Takes the argument of the graph that the target names. */
    INPUT,
    /** Calls the child at the path that is the target. */
    CALL_MODULE,
    /** Calls a method of a child graph; the target is the path, a dot and the method's name. */
    CALL_METHOD,
    /**
     * Calls the operator that the target names, qualified and with overload ({@code
     * aten::add.Tensor}).
     */
    CALL_FUNCTION,
    /**
     * Reads the parameter, buffer, constant or variable at the path that is the target, or, where
     * its last name is {@code training}, the mode of the module before it.
     */
    GET_ATTRIBUTE,
    /** Writes its argument to the graph's buffer or variable that the target names. */
    SET_ATTRIBUTE,
    /** Takes the item of a list or tuple at the index that is the target. */
    GET_ITEM,
    /** Makes a list that operators can change; the target is its type, {@code List[Tensor]}. */
    LIST,
    /**
     * Makes a dict that operators can change, of keys and values in turn; the target is its type,
     * {@code Dict[str, Tensor]}.
     */
    DICT,
    /** Tells whether the argument's value is of one of the types in the target, joined by bars. */
    IS_INSTANCE,
    /**
     * Runs one of two blocks. The argument is a boolean; the result is that of the block: nothing,
     * one value, or a tuple of several.
     */
    IF,
    /**
     * Runs a block again and again. The arguments are the largest number of rounds, whether to
     * begin, and the values carried from round to round. The block's parameters are the number of
     * the round and the carried values, its outputs whether to go on and the new carried values.
     * The result is the carried values: none, one, or a tuple of several.
     */
    LOOP,
    /** Throws a {@link GraphRaisedException}; the arguments are its message and its class. */
    RAISE
  }

  /**
   * Create a node.
   *
   * @throws NullPointerException if the result, kind or target is null
   */
  public GraphNode {
    Objects.requireNonNull(result, "result");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(target, "target");
    arguments = Collections.unmodifiableList(new ArrayList<>(arguments));
    blocks = List.copyOf(blocks);
  }

  /** Create a node without blocks and source. */
  public GraphNode(GraphValue result, Kind kind, String target, List<Object> arguments) {
    this(result, kind, target, arguments, List.of(), null);
  }

  /**
   * Return the name of the node.
   *
   * @return the name of its result
   */
  public String name() {
    return result.name();
  }

  /**
   * Return this node with other arguments.
   *
   * @param others the new arguments
   * @return a node with the same result
   */
  public GraphNode withArguments(List<Object> others) {
    return new GraphNode(result, kind, target, others, blocks, source);
  }
}
