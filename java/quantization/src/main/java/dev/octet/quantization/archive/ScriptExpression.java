// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.List;

/** An expression of TorchScript code, of the forms that torch's printer writes. */
sealed interface ScriptExpression {
  /** Where it begins in its file, in bytes. */
  int at();

  /** A name. */
  record Name(String id, int at) implements ScriptExpression {}

  /** A number, as it is written. */
  record Number(String text, int at) implements ScriptExpression {}

  /** A string, as it is written between its quotes. */
  record Text(String escaped, int at) implements ScriptExpression {}

  /** A part of a value: {@code base.name}. */
  record Attribute(ScriptExpression base, String name, int at) implements ScriptExpression {}

  /** A call; the arguments with keywords come after the others. */
  record Call(
      ScriptExpression callee,
      List<ScriptExpression> arguments,
      List<String> keywords,
      List<ScriptExpression> keywordArguments,
      int at)
      implements ScriptExpression {}

  /** {@code base[item, ...]}, also for types with parameters. */
  record Index(ScriptExpression base, List<ScriptExpression> items, int at)
      implements ScriptExpression {}

  /** {@code begin:end}; either may be null. */
  record Slice(ScriptExpression begin, ScriptExpression end, int at) implements ScriptExpression {}

  /** {@code -operand}. */
  record Negative(ScriptExpression operand, int at) implements ScriptExpression {}

  /** {@code (item, ...)}. */
  record TupleOf(List<ScriptExpression> items, int at) implements ScriptExpression {}

  /** {@code [item, ...]}. */
  record ListOf(List<ScriptExpression> items, int at) implements ScriptExpression {}

  /** {@code {key: value, ...}}. */
  record DictOf(List<ScriptExpression> keys, List<ScriptExpression> values, int at)
      implements ScriptExpression {}

  /** The dotted name of an expression that is one, such as {@code torch.add}; else null. */
  static String dottedName(ScriptExpression expression) {
    if (expression instanceof Name name) {
      return name.id();
    }
    if (expression instanceof Attribute attribute) {
      String base = dottedName(attribute.base());
      return base == null ? null : base + "." + attribute.name();
    }
    return null;
  }
}
