// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/**
 * The words of the pattern language.
 *
 * <p>Operators are named without overload and match the variants that work in place, too. Whether
 * these can be replaced, and whether anything else uses or changes what lies between, is checked
 * once a pattern has matched; patterns need not care.
 */
public final class ValuePatterns {

  private static final double TOLERANCE = 1e-6;

  private ValuePatterns() {}

  /**
   * Describe a value that a node or a block's parameter makes, the same wherever the name occurs.
   *
   * @param name what it is called in the match
   */
  public static ValuePattern value(String name) {
    return (argument, match) -> argument instanceof GraphValue && match.bind(name, argument);
  }

  /**
   * Describe a constant number.
   *
   * @param expected what it must be, to 1e-6 of it
   */
  public static ValuePattern number(double expected) {
    return (argument, match) -> {
      Double number = match.method().number(argument);
      return number != null && near(number, expected);
    };
  }

  /**
   * Describe a boolean.
   *
   * @param expected what it must be
   */
  public static ValuePattern bool(boolean expected) {
    return (argument, match) -> argument instanceof Boolean given && given == expected;
  }

  /** Describe None. */
  public static ValuePattern none() {
    return (argument, match) -> argument == null;
  }

  /** Describe anything at all. */
  public static ValuePattern anything() {
    return (argument, match) -> true;
  }

  /**
   * Describe a parameter, buffer or constant tensor that the method reads.
   *
   * @param name what the value is called in the match
   */
  public static ValuePattern attribute(String name) {
    return (argument, match) ->
        match.method().attribute(argument, tensor -> true) != null && match.bind(name, argument);
  }

  /**
   * Describe alternatives.
   *
   * @param alternatives the first that matches is taken
   */
  public static ValuePattern oneOf(ValuePattern... alternatives) {
    return new Alternatives(List.of(alternatives));
  }

  /**
   * Describe the result of an operator.
   *
   * @param operator its name without overload, such as {@code aten::add}
   * @param first the first arguments
   */
  public static FunctionPattern function(String operator, ValuePattern... first) {
    return new FunctionPattern(operator, List.of(first), Map.of());
  }

  /**
   * Describe the result of a module.
   *
   * @param type its exact class
   * @param arguments all of its arguments
   */
  public static ValuePattern module(Class<? extends Module> type, ValuePattern... arguments) {
    return (argument, match) -> {
      GraphNode node = match.method().producer(argument);
      Module module = match.method().module(node);
      if (module == null
          || module.getClass() != type
          || node.arguments().size() != arguments.length) {
        return false;
      }
      match.include(node.result());
      for (int i = 0; i < arguments.length; i++) {
        if (!arguments[i].matches(node.arguments().get(i), match)) {
          return false;
        }
      }
      return true;
    };
  }

  /**
   * Describe an item of several results.
   *
   * @param index which, from 0
   * @param tuple what it is taken of
   */
  public static ValuePattern item(int index, ValuePattern tuple) {
    return (argument, match) -> {
      GraphNode node = match.method().producer(argument);
      if (node == null
          || node.kind() != GraphNode.Kind.GET_ITEM
          || !node.target().equals(Integer.toString(index))) {
        return false;
      }
      match.include(node.result());
      return tuple.matches(node.arguments().get(0), match);
    };
  }

  /**
   * Describe a sum of products by element, in any order and spelling: with {@code add}, {@code
   * sub}, {@code mul}, {@code div}, {@code pow}, {@code sqrt} and their like, on tensors and
   * numbers.
   *
   * @param terms the products; those that tell best what is what should come first
   */
  public static ValuePattern polynomial(TermPattern... terms) {
    return new PolynomialPattern(List.of(terms));
  }

  /**
   * Describe a product in a polynomial.
   *
   * @param coefficient its constant factor, to 1e-6 of it
   * @param factors its other factors, in any order
   */
  public static TermPattern term(double coefficient, ValuePattern... factors) {
    return new TermPattern(number(coefficient), factors);
  }

  /**
   * Describe a constant term of any size in a polynomial.
   *
   * @param name what the number is called in the match
   */
  public static TermPattern constant(String name) {
    return new TermPattern((number, match) -> match.bind(name, number));
  }

  /**
   * Describe a power.
   *
   * @param base what is raised
   * @param exponent to which power
   */
  public static ValuePattern power(ValuePattern base, double exponent) {
    return new PowerPattern(base, exponent);
  }

  static boolean near(double number, double expected) {
    return Math.abs(number - expected) <= TOLERANCE * Math.abs(expected);
  }
}
