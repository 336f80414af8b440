// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.List;

/** A statement of TorchScript code, of the forms that torch's printer writes. */
sealed interface ScriptStatement {
  /** {@code target, ... : type = value, ...}; the type may be null. */
  record Assign(
      List<ScriptExpression> targets, ScriptExpression type, List<ScriptExpression> values)
      implements ScriptStatement {}

  /** An expression alone. */
  record Evaluate(ScriptExpression value) implements ScriptStatement {}

  /** {@code return value}. */
  record Return(ScriptExpression value) implements ScriptStatement {}

  /** {@code if condition: ... else: ...}. */
  record If(ScriptExpression condition, List<ScriptStatement> then, List<ScriptStatement> otherwise)
      implements ScriptStatement {}

  /** {@code while condition: ...}. */
  record While(ScriptExpression condition, List<ScriptStatement> body) implements ScriptStatement {}

  /** {@code for variable in range: ...}. */
  record For(String variable, ScriptExpression range, List<ScriptStatement> body)
      implements ScriptStatement {}

  /** {@code with manager as variable: ...}; the variable may be null. */
  record With(ScriptExpression manager, String variable, List<ScriptStatement> body)
      implements ScriptStatement {}

  /** A function, at the top, in a class or (for a fork) in another function. */
  record Function(
      String name,
      List<Parameter> parameters,
      ScriptExpression returnType,
      List<ScriptStatement> body,
      int at)
      implements ScriptStatement {}

  /** A parameter of a function; type and default value may be null. */
  record Parameter(String name, ScriptExpression type, ScriptExpression defaultValue) {}
}
