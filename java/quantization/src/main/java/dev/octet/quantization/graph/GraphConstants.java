// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.global.torch.TypeKind;

/** What can be known of operators before a graph runs. */
public final class GraphConstants {

  private static final Set<TypeKind> SCALARS =
      Set.of(TypeKind.IntType, TypeKind.FloatType, TypeKind.BoolType, TypeKind.StringType);

  private GraphConstants() {}

  /**
   * Tell whether calling an operator does more than make its results.
   *
   * @param operator the qualified name with overload
   * @return true if it changes an argument, has no results, or draws random numbers
   */
  public static boolean hasEffect(String operator) {
    Operator known = Operator.of(operator);
    if (known.returns().isEmpty() || operator.contains("rand") || operator.contains("dropout")) {
      return true;
    }
    // Some schemas do not declare what they write, such as aten::_no_grad_embedding_renorm_.
    int dot = operator.indexOf('.');
    String base = dot < 0 ? operator : operator.substring(0, dot);
    if (base.endsWith("_") && !base.endsWith("__")) {
      return true;
    }
    for (int i = 0; i < known.parameters().size(); i++) {
      if (known.writes(i)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Run an operator on constants.
   *
   * @param operator the qualified name with overload
   * @param arguments numbers, booleans, strings, null, and lists of these
   * @return its result, or null if it makes no single number, boolean or string, has an effect, or
   *     fails
   */
  public static Result evaluate(String operator, List<Object> arguments) {
    Operator known = Operator.of(operator);
    boolean scalar = known.returns().size() == 1 && SCALARS.contains(known.returns().get(0));
    if (!scalar || known.isVararg() || hasEffect(operator)) {
      return null;
    }
    try (IValueVector stack = new IValueVector()) {
      stack.resize(arguments.size());
      for (int i = 0; i < arguments.size(); i++) {
        OperatorArgument argument =
            OperatorArgument.of(arguments.get(i), known.parameters().get(i).type(), Map.of());
        argument.put(stack, i, null);
      }
      known.call(stack);
      try (IValue result = new IValue(stack.get(0))) {
        return new Result(IValues.toJava(result));
      }
    } catch (RuntimeException e) {
      // It fails when the graph runs, if it ever gets there.
      return null;
    }
  }

  /**
   * A constant that was computed.
   *
   * @param value a {@code Long}, {@code Double}, {@code Boolean} or {@code String}
   */
  public record Result(Object value) {}
}
