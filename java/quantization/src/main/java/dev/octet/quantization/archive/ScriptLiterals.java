// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.ScriptExpression.Call;
import dev.octet.quantization.archive.ScriptExpression.DictOf;
import dev.octet.quantization.archive.ScriptExpression.ListOf;
import dev.octet.quantization.archive.ScriptExpression.Name;
import dev.octet.quantization.archive.ScriptExpression.Negative;
import dev.octet.quantization.archive.ScriptExpression.Number;
import dev.octet.quantization.archive.ScriptExpression.Text;
import dev.octet.quantization.archive.ScriptExpression.TupleOf;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Tells which expressions are written values, so that nothing runs to get them. */
final class ScriptLiterals {
  private static final Set<String> NAMES =
      Set.of("True", "False", "None", "inf", "nan", "infj", "nanj");
  private static final Set<String> CALLS = Set.of("torch.device", "float", "annotate");
  private static final String CONSTANTS = "CONSTANTS.c";
  private static final String CODE = "__torch__.";

  private ScriptLiterals() {}

  /** Tells whether an expression is a written value. */
  static boolean isLiteral(ScriptExpression expression) {
    if (expression instanceof Number || expression instanceof Text) {
      return true;
    }
    if (expression instanceof Name name) {
      return NAMES.contains(name.id());
    }
    if (expression instanceof Negative negative) {
      return isLiteral(negative.operand());
    }
    if (expression instanceof TupleOf tuple) {
      return allLiteral(tuple.items());
    }
    if (expression instanceof ListOf list) {
      return allLiteral(list.items());
    }
    if (expression instanceof DictOf dict) {
      return allLiteral(dict.keys()) && allLiteral(dict.values());
    }
    if (expression instanceof Call call) {
      return isLiteralCall(call);
    }
    // A constant of the archive, or a member of an enumeration.
    String dotted = ScriptExpression.dottedName(expression);
    return dotted != null && (dotted.startsWith(CONSTANTS) || dotted.startsWith(CODE));
  }

  private static boolean allLiteral(Collection<ScriptExpression> items) {
    return items.stream().allMatch(ScriptLiterals::isLiteral);
  }

  private static boolean isLiteralCall(Call call) {
    String callee = ScriptExpression.dottedName(call.callee());
    if (callee == null || !call.keywords().isEmpty()) {
      return false;
    }
    List<ScriptExpression> arguments = call.arguments();
    if (callee.equals("annotate")) {
      return arguments.size() == 2 && isLiteral(arguments.get(1));
    }
    // The constructor of a named tuple looks like a call of a function; those are not printed here.
    return CALLS.contains(callee) && allLiteral(arguments);
  }

  /** Tells whether a literal number or string is a value. */
  static boolean matches(ScriptExpression literal, Object value) {
    if (literal instanceof Text text) {
      return text.escaped().equals(value);
    }
    String written =
        literal instanceof Number number
            ? number.text()
            : literal instanceof Negative negative && negative.operand() instanceof Number number
                ? "-" + number.text()
                : "";
    try {
      return value instanceof Long whole && Long.parseLong(written) == whole
          || value instanceof Double real && Double.parseDouble(written) == real;
    } catch (NumberFormatException e) {
      return false;
    }
  }
}
