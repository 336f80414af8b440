// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.ScriptExpression.Attribute;
import dev.octet.quantization.archive.ScriptExpression.Call;
import dev.octet.quantization.archive.ScriptExpression.DictOf;
import dev.octet.quantization.archive.ScriptExpression.Index;
import dev.octet.quantization.archive.ScriptExpression.ListOf;
import dev.octet.quantization.archive.ScriptExpression.Name;
import dev.octet.quantization.archive.ScriptExpression.Negative;
import dev.octet.quantization.archive.ScriptExpression.Slice;
import dev.octet.quantization.archive.ScriptExpression.Text;
import dev.octet.quantization.archive.ScriptExpression.TupleOf;
import dev.octet.quantization.archive.ScriptLexer.Kind;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Parses expressions and types of TorchScript code, which torch's printer writes without operators.
 */
final class ScriptExpressions {
  // The printer breaks lines at 40 characters; native code walks what is nested by recursion.
  private static final int MAX_DEPTH = 150;
  private static final int MAX_CHAIN = 100;
  private static final Set<String> WORDS =
      Set.of(
          "and",
          "as",
          "assert",
          "break",
          "class",
          "continue",
          "def",
          "del",
          "elif",
          "else",
          "for",
          "global",
          "if",
          "import",
          "in",
          "is",
          "lambda",
          "not",
          "or",
          "pass",
          "raise",
          "return",
          "while",
          "with");

  private final ScriptLexer in;
  private int depth;

  ScriptExpressions(ScriptLexer in) {
    this.in = in;
  }

  /** Parses a text that is one type. */
  static ScriptExpression type(EntrySite site, String text) {
    ScriptLexer in = new ScriptLexer(site, text.getBytes(StandardCharsets.UTF_8));
    ScriptExpression type = new ScriptExpressions(in).one();
    in.expect(Kind.NEWLINE);
    in.expect(Kind.END);
    return type;
  }

  /** Parses expressions with commas between them, and perhaps after the last. */
  List<ScriptExpression> many() {
    List<ScriptExpression> items = new ArrayList<>();
    items.add(one());
    while (in.skip(",") && in.kind() != Kind.NEWLINE && !in.is("=")) {
      items.add(one());
    }
    return items;
  }

  /** Parses one expression. */
  ScriptExpression one() {
    if (++depth > MAX_DEPTH) {
      throw in.fail(in.start(), "code has more than " + MAX_DEPTH + " brackets in one another");
    }
    int at = in.start();
    ScriptExpression value = in.skip("-") ? new Negative(one(), at) : chain(primary());
    depth--;
    return value;
  }

  private ScriptExpression chain(ScriptExpression first) {
    ScriptExpression value = first;
    for (int links = 0; in.is(".") || in.is("(") || in.is("["); links++) {
      int at = in.start();
      if (links == MAX_CHAIN) {
        throw in.fail(at, "code has a chain of more than " + MAX_CHAIN + " parts");
      }
      if (in.skip(".")) {
        value = new Attribute(value, in.expect(Kind.NAME), at);
      } else if (in.is("(")) {
        value = call(value, at);
      } else {
        in.next();
        value = new Index(value, items("]", true), at);
      }
    }
    return value;
  }

  private Call call(ScriptExpression callee, int at) {
    in.expect("(");
    List<ScriptExpression> arguments = new ArrayList<>();
    List<String> keywords = new ArrayList<>();
    List<ScriptExpression> keywordArguments = new ArrayList<>();
    while (!in.is(")")) {
      ScriptExpression argument = one();
      if (argument instanceof Name keyword && in.skip("=")) {
        keywords.add(keyword.id());
        keywordArguments.add(one());
      } else {
        arguments.add(argument);
      }
      if (!in.skip(",")) {
        break;
      }
    }
    in.expect(")");
    return new Call(callee, arguments, keywords, keywordArguments, at);
  }

  private List<ScriptExpression> items(String end, boolean slices) {
    List<ScriptExpression> items = new ArrayList<>();
    while (!in.is(end)) {
      items.add(slices ? sliceOrOne() : one());
      if (!in.skip(",")) {
        break;
      }
    }
    in.expect(end);
    return items;
  }

  private ScriptExpression sliceOrOne() {
    int at = in.start();
    ScriptExpression begin = in.is(":") ? null : one();
    if (!in.skip(":")) {
      return begin;
    }
    return new Slice(begin, in.is("]") || in.is(",") ? null : one(), at);
  }

  private ScriptExpression primary() {
    int at = in.start();
    switch (in.kind()) {
      case NAME -> {
        String name = in.expect(Kind.NAME);
        if (WORDS.contains(name)) {
          throw in.fail(at, "code has '" + name + "' in an expression");
        }
        return name.equals("inf") || name.equals("nan") ? number(name, at) : new Name(name, at);
      }
      case NUMBER -> {
        return number(in.expect(Kind.NUMBER), at);
      }
      case STRING -> {
        String quoted = in.expect(Kind.STRING);
        return new Text(quoted.substring(1, quoted.length() - 1), at);
      }
      default -> {
        return bracketed(at);
      }
    }
  }

  /** A number; a complex one is written as a sum. */
  private ScriptExpression number(String real, int at) {
    if (!in.is("+") && !in.is("-")) {
      return new ScriptExpression.Number(real, at);
    }
    String sign = in.expect(Kind.MARK);
    String imaginary = in.expect(in.kind() == Kind.NAME ? Kind.NAME : Kind.NUMBER);
    if (!imaginary.endsWith("j")) {
      throw in.fail(at, "code has an operator between numbers");
    }
    return new ScriptExpression.Number(real + sign + imaginary, at);
  }

  private ScriptExpression bracketed(int at) {
    if (in.skip("[")) {
      return new ListOf(items("]", false), at);
    }
    if (in.skip("{")) {
      return dict(at);
    }
    if (!in.skip("(")) {
      throw in.unexpected("an expression");
    }
    if (in.skip(")")) {
      return new TupleOf(List.of(), at);
    }
    ScriptExpression first = one();
    if (in.skip(")")) {
      return first;
    }
    in.expect(",");
    List<ScriptExpression> all = new ArrayList<>();
    all.add(first);
    all.addAll(items(")", false));
    return new TupleOf(all, at);
  }

  private DictOf dict(int at) {
    List<ScriptExpression> keys = new ArrayList<>();
    List<ScriptExpression> values = new ArrayList<>();
    while (!in.is("}")) {
      keys.add(one());
      in.expect(":");
      values.add(one());
      if (!in.skip(",")) {
        break;
      }
    }
    in.expect("}");
    return new DictOf(keys, values, at);
  }
}
