// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * What an operator takes, and what it does to the memory of its arguments, for code that changes
 * graphs. Immutable.
 */
public final class OperatorSchema {

  private static final Map<String, OperatorSchema> KNOWN = new ConcurrentHashMap<>();

  /** Operators that may return their argument, or a view of it, without saying so. */
  private static final Set<String> SILENT_ALIASES =
      Set.of(
          "aten::_unsafe_view",
          "aten::alpha_dropout",
          "aten::atleast_1d",
          "aten::atleast_2d",
          "aten::atleast_3d",
          "aten::broadcast_tensors",
          "aten::conj_physical",
          "aten::data",
          "aten::dropout",
          "aten::einsum",
          "aten::feature_alpha_dropout",
          "aten::feature_dropout",
          "aten::meshgrid",
          "aten::pad",
          "aten::sum_to_size",
          "aten::type_as");

  private final Operator operator;
  private final String baseName;
  private final List<String> parameters;
  private final boolean passesOn;
  private final boolean writesAll;

  private OperatorSchema(Operator operator) {
    this.operator = operator;
    baseName = baseName(operator.name());
    parameters = operator.parameters().stream().map(Operator.Parameter::name).toList();
    boolean inPlace = baseName.endsWith("_") && !baseName.endsWith("__");
    boolean declared = IntStream.range(0, parameters.size()).anyMatch(operator::writes);
    // Such as aten::_no_grad_embedding_renorm_, whose schema does not say what it writes.
    writesAll = inPlace && !declared;
    // Operators of other namespaces are not known to say what they do.
    passesOn = writesAll || SILENT_ALIASES.contains(baseName) || !baseName.startsWith("aten::");
  }

  /**
   * Look an operator up.
   *
   * @param operator the qualified name with overload, such as {@code aten::add.Tensor}
   * @return its schema
   * @throws IllegalArgumentException if there is no such operator
   */
  public static OperatorSchema of(String operator) {
    return KNOWN.computeIfAbsent(operator, name -> new OperatorSchema(Operator.of(name)));
  }

  /**
   * Return the name of an operator without its overload.
   *
   * @param operator a qualified name such as {@code aten::add.Tensor}
   * @return such as {@code aten::add}
   */
  public static String baseName(String operator) {
    int dot = operator.indexOf('.');
    return dot < 0 ? operator : operator.substring(0, dot);
  }

  /**
   * Return the name without the overload.
   *
   * @return such as {@code aten::add}
   */
  public String baseName() {
    return baseName;
  }

  /**
   * Return the names of the parameters.
   *
   * @return in order
   */
  public List<String> parameters() {
    return parameters;
  }

  /**
   * Tell whether a parameter may be left out.
   *
   * @param parameter its index
   */
  public boolean hasDefault(int parameter) {
    return operator.parameters().get(parameter).hasDefault();
  }

  /**
   * Return what a parameter is if it is left out.
   *
   * @param parameter its index
   * @return a constant, null for None
   */
  public Object defaultValue(int parameter) {
    return operator.parameters().get(parameter).defaultValue();
  }

  /**
   * Tell whether an argument is changed in place.
   *
   * @param parameter its index
   */
  public boolean writes(int parameter) {
    return writesAll || operator.writes(parameter);
  }

  /** Tell whether any argument is changed in place. */
  public boolean writesAny() {
    return IntStream.range(0, parameters.size()).anyMatch(this::writes);
  }

  /**
   * Tell whether a result may be an argument itself, or share memory with it.
   *
   * @param parameter the argument's index
   */
  public boolean mayAlias(int parameter) {
    return passesOn || operator.aliases(parameter);
  }

  /** Tell whether there are results; an operator without any is called for what it does. */
  public boolean hasResults() {
    return !operator.returns().isEmpty();
  }

  /** Tell whether it takes a generator of random numbers. */
  public boolean takesGenerator() {
    return parameters.contains("generator");
  }
}
