// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.ScriptExpression.Call;
import dev.octet.quantization.archive.ScriptExpression.Number;
import java.util.List;
import java.util.Set;

/** What libtorch's operators do when all their arguments are known while code is loaded. */
final class ScriptOperators {
  private static final String ATEN = "torch.";
  private static final String OTHERS = "ops.";
  private static final Set<String> CASTS = Set.of("int", "float", "bool", "str");
  private static final Set<String> WORDS =
      Set.of(
          "annotate",
          "fork",
          "getattr",
          "isinstance",
          "print",
          "range",
          "sorted",
          "unchecked_cast",
          "uninitialized");

  // Ends the process (a division by zero or of the least integer by -1), unless the divisor is
  // written in the code.
  private static final Set<String> DIVISIONS =
      Set.of("torch.floordiv", "torch.remainder", "torch.divmod", "torch.__round_to_zero_floordiv");

  // End the process, never end, or make texts of any length; or texts and numbers that torch's
  // printer writes as results, not as calls.
  private static final Set<String> REFUSED =
      Set.of(
          "torch.gcd",
          "torch.factorial",
          "torch.promote_types",
          "torch.can_cast",
          "torch.result_type",
          "torch.chr",
          "torch.ord",
          "torch.zfill",
          "torch.ljust",
          "torch.rjust",
          "torch.center",
          "torch.expandtabs",
          "torch.count",
          "torch.replace",
          "torch.join",
          "torch.find",
          "torch.rfind",
          "torch.rindex",
          "torch.partition",
          "torch.rpartition",
          "torch.split",
          "torch.rsplit",
          "torch.splitlines",
          "ops.prim.StringIndex");

  private static final Set<String> FORMATS = Set.of("torch.format", "torch.percentFormat");

  private ScriptOperators() {}

  /** Tells whether a name is that of an operator of libtorch. */
  static boolean isOperator(String callee) {
    return callee.startsWith(ATEN) || callee.startsWith(OTHERS) || CASTS.contains(callee);
  }

  /** Tells whether a name is that of an operator or of another function that needs no code. */
  static boolean isBuiltIn(String callee) {
    return isOperator(callee) || WORDS.contains(callee);
  }

  /** Tells whether a call must not be computed while code is loaded. */
  static boolean isRefusedWhenKnown(String operator, Call call) {
    return REFUSED.contains(operator)
        || DIVISIONS.contains(operator) && !hasWrittenDivisor(call.arguments());
  }

  private static boolean hasWrittenDivisor(List<ScriptExpression> arguments) {
    return !arguments.isEmpty()
        && arguments.get(arguments.size() - 1) instanceof Number divisor
        && isNotZero(divisor);
  }

  /** Tells whether a number is another than zero, as it is written. */
  static boolean isNotZero(Number number) {
    return number.text().chars().anyMatch(digit -> digit >= '1' && digit <= '9');
  }

  /** Tells whether an operator may put one text into another many times. */
  static boolean repeatsText(String operator) {
    return FORMATS.contains(operator);
  }
}
