// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.OperatorSchema;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Describes the result of an operator.
 *
 * <p>Arguments that it does not describe must be the defaults of the operator's schema. Immutable.
 */
public final class FunctionPattern implements ValuePattern {

  private final String operator;
  private final List<ValuePattern> first;
  private final Map<String, ValuePattern> named;

  FunctionPattern(String operator, List<ValuePattern> first, Map<String, ValuePattern> named) {
    this.operator = operator;
    this.first = first;
    this.named = named;
  }

  /**
   * Describe a further argument.
   *
   * @param parameter its name; overloads that have no such parameter do not match
   * @param pattern what it is
   * @return a pattern with this argument, too
   */
  public FunctionPattern with(String parameter, ValuePattern pattern) {
    Map<String, ValuePattern> more = new LinkedHashMap<>(named);
    more.put(parameter, pattern);
    return new FunctionPattern(operator, first, more);
  }

  @Override
  public boolean matches(Object argument, Match match) {
    GraphNode node = match.method().producer(argument);
    if (!operator.equals(MatchedMethod.operatorOf(node))) {
      return false;
    }
    OperatorSchema schema = OperatorSchema.of(node.target());
    if (!schema.parameters().containsAll(named.keySet())
        || first.size() > node.arguments().size()) {
      return false;
    }
    match.include(node.result());
    for (int i = 0; i < node.arguments().size(); i++) {
      if (!matches(node.arguments().get(i), i, schema, match)) {
        return false;
      }
    }
    return true;
  }

  private boolean matches(Object given, int index, OperatorSchema schema, Match match) {
    if (index < first.size()) {
      return first.get(index).matches(given, match);
    }
    ValuePattern pattern = named.get(schema.parameters().get(index));
    if (pattern != null) {
      return pattern.matches(given, match);
    }
    return schema.hasDefault(index) && Objects.equals(given, schema.defaultValue(index));
  }
}
