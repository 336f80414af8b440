// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One attempt to find a pattern: the node that makes the result of the part looked for, what the
 * pattern has named, and the nodes that would be replaced.
 *
 * <p>Not thread-safe.
 */
public final class Match {

  private final MatchedMethod method;
  private final GraphNode root;
  private final Map<String, Object> bound = new HashMap<>();
  private final Set<GraphValue> included = new LinkedHashSet<>();

  /** What was bound and included, the last one last, so that it can be taken back. */
  private final List<Object> trail = new ArrayList<>();

  private String refusal;

  /**
   * Begin an attempt.
   *
   * @param method where to look
   * @param root the node whose result is to be replaced
   */
  public Match(MatchedMethod method, GraphNode root) {
    this.method = method;
    this.root = root;
    included.add(root.result());
  }

  /** Return the method that the node is in. */
  public MatchedMethod method() {
    return method;
  }

  /** Return the node whose result is to be replaced. */
  public GraphNode root() {
    return root;
  }

  /**
   * Name something, or compare it with what has the name.
   *
   * @param name a name of the pattern's own
   * @param thing a value, or an object that can be compared; not null
   * @return false if the name stands for something else
   */
  public boolean bind(String name, Object thing) {
    Object known = bound.putIfAbsent(name, thing);
    if (known == null) {
      trail.add(name);
    }
    return known == null || known.equals(thing);
  }

  /**
   * Return what has a name.
   *
   * @param name a name of the pattern's own
   * @return null if nothing has it
   */
  public Object bound(String name) {
    return bound.get(name);
  }

  /**
   * Return a number that has a name.
   *
   * @param name a name of the pattern's own
   * @param otherwise what to return if nothing has it
   */
  public double number(String name, double otherwise) {
    return (Double) bound.getOrDefault(name, otherwise);
  }

  /**
   * Make a node a part of what is replaced; nobody else may use its result then.
   *
   * @param node its result
   */
  public void include(GraphValue node) {
    if (included.add(node)) {
      trail.add(node);
    }
  }

  /**
   * Return the nodes that are to be replaced.
   *
   * @return their results, the root's among them
   */
  public Set<GraphValue> included() {
    return new LinkedHashSet<>(included);
  }

  /**
   * Tell whether a node is to be replaced.
   *
   * @param node its result
   */
  public boolean includes(GraphValue node) {
    return included.contains(node);
  }

  /**
   * Try a part of a pattern; if it fails, what it has bound and included is taken back.
   *
   * @param pattern the part
   * @param argument what it is tried on
   * @return whether it matches
   */
  public boolean tries(ValuePattern pattern, Object argument) {
    int mark = trail.size();
    if (pattern.matches(argument, this)) {
      return true;
    }
    for (int i = trail.size() - 1; i >= mark; i--) {
      Object last = trail.remove(i);
      if (last instanceof GraphValue node) {
        included.remove(node);
      } else {
        bound.remove(last);
      }
    }
    return false;
  }

  /**
   * Say why something that looks much like the pattern is none.
   *
   * @param reason for people who read the report
   * @return false
   */
  public boolean refuse(String reason) {
    refusal = reason;
    return false;
  }

  /**
   * Return why something that looks much like the pattern is none.
   *
   * @return null if nothing was refused
   */
  public String refusal() {
    return refusal;
  }

  /**
   * Tell what stands in the way of replacing the nodes by one that runs in the place of the root.
   *
   * @return that something else uses a value in between, or that memory is written; null if nothing
   *     stands in the way
   */
  public String obstacle() {
    new MetadataReads(this).include();
    return new Obstacles(this).find();
  }

  /**
   * Insert a call of an operator before the root.
   *
   * @param operator the qualified name with overload
   * @param arguments its arguments; those left out at the end take their defaults
   * @return its result
   */
  public GraphValue insert(String operator, Object... arguments) {
    return method.insert(root, operator, Arrays.asList(arguments));
  }
}
