// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.ScriptLexer.Kind;
import dev.octet.quantization.archive.ScriptStatement.Function;
import dev.octet.quantization.archive.ScriptStatement.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Parses a file of TorchScript code: the classes and functions that torch's printer writes. */
final class ScriptParser {
  private static final Set<String> BASES =
      Set.of("Module", "NamedTuple", "Enum", "Interface", "ModuleInterface");
  private static final Set<String> LISTS_OF_NAMES =
      Set.of("__parameters__", "__buffers__", "__forward_hooks__", "__forward_pre_hooks__");
  private static final String ANNOTATIONS = "__annotations__";

  private final EntrySite site;
  private final ScriptLexer in;
  private final ScriptExpressions expressions;

  private ScriptParser(EntrySite site, byte[] code) {
    this.site = site;
    this.in = new ScriptLexer(site, code);
    this.expressions = new ScriptExpressions(in);
  }

  /**
   * Parses a file.
   *
   * @throws ModelFileException if it has anything that torch's printer does not write
   */
  static ScriptFile parse(EntrySite site, byte[] code) {
    return new ScriptParser(site, code).file();
  }

  private ScriptFile file() {
    Map<String, ScriptClass> classes = new LinkedHashMap<>();
    Map<String, Function> functions = new LinkedHashMap<>();
    while (in.kind() != Kind.END) {
      int at = in.start();
      String name;
      if (in.is("class")) {
        ScriptClass found = scriptClass();
        name = classes.put(found.name(), found) == null ? null : found.name();
      } else if (in.is("def")) {
        Function found = function();
        name = functions.put(found.name(), found) == null ? null : found.name();
      } else {
        throw in.unexpected("a class or a function");
      }
      if (name != null) {
        throw in.fail(at, "code defines '" + name + "' twice");
      }
    }
    return new ScriptFile(site, classes, functions);
  }

  private ScriptClass scriptClass() {
    final int at = in.start();
    in.expect("class");
    final String name = in.expect(Kind.NAME);
    String base = null;
    if (in.skip("(")) {
      base = in.expect(Kind.NAME);
      if (!BASES.contains(base)) {
        throw in.fail(at, "class '" + name + "' extends " + base);
      }
      in.expect(")");
    }
    in.expect(":");
    in.expect(Kind.NEWLINE);
    Map<String, ScriptExpression> fields = new LinkedHashMap<>();
    Map<String, ScriptExpression> constants = new LinkedHashMap<>();
    List<Function> methods = new ArrayList<>();
    if (in.kind() == Kind.INDENT) {
      in.next();
      while (in.kind() != Kind.DEDENT) {
        if (in.is("def")) {
          methods.add(function());
        } else {
          member(fields, constants);
        }
      }
      in.next();
    }
    return new ScriptClass(name, base, fields, constants, methods, at);
  }

  private void member(
      Map<String, ScriptExpression> fields, Map<String, ScriptExpression> constants) {
    final int at = in.start();
    String name = in.expect(Kind.NAME);
    if (name.equals("pass")) {
      in.expect(Kind.NEWLINE);
      return;
    }
    boolean again = false;
    if (name.equals(ANNOTATIONS) && in.skip("[")) {
      String quoted = in.expect(Kind.STRING);
      name = quoted.substring(1, quoted.length() - 1);
      in.expect("]");
      in.expect("=");
      again = fields.put(name, expressions.one()) != null;
    } else if (in.skip(":")) {
      ScriptExpression type = expressions.one();
      if (in.skip("=")) {
        again = constants.put(name, expressions.one()) != null;
      } else {
        again = fields.put(name, type) != null;
      }
    } else {
      in.expect("=");
      ScriptExpression value = expressions.one();
      if (!LISTS_OF_NAMES.contains(name) && !name.equals(ANNOTATIONS)) {
        again = constants.put(name, value) != null;
      } else if (!isListOfNames(value)) {
        throw in.fail(at, name + " is no list of names");
      }
    }
    if (again) {
      throw in.fail(at, "a class has '" + name + "' twice");
    }
    in.expect(Kind.NEWLINE);
  }

  private static boolean isListOfNames(ScriptExpression value) {
    return value instanceof ScriptExpression.ListOf list
        && list.items().stream().allMatch(ScriptExpression.Text.class::isInstance);
  }

  private Function function() {
    final int at = in.start();
    in.expect("def");
    final String name = in.expect(Kind.NAME);
    in.expect("(");
    List<Parameter> parameters = new ArrayList<>();
    while (!in.is(")")) {
      String parameter = in.expect(Kind.NAME);
      ScriptExpression type = in.skip(":") ? expressions.one() : null;
      ScriptExpression defaultValue = in.skip("=") ? expressions.one() : null;
      parameters.add(new Parameter(parameter, type, defaultValue));
      if (!in.skip(",")) {
        break;
      }
    }
    in.expect(")");
    ScriptExpression returnType = in.skip("->") ? expressions.one() : null;
    return new Function(name, parameters, returnType, block(), at);
  }

  private List<ScriptStatement> block() {
    in.expect(":");
    in.expect(Kind.NEWLINE);
    in.expect(Kind.INDENT);
    List<ScriptStatement> statements = new ArrayList<>();
    while (in.kind() != Kind.DEDENT) {
      statement(statements);
    }
    in.next();
    return statements;
  }

  private void statement(List<ScriptStatement> into) {
    if (in.is("def")) {
      into.add(function());
    } else if (in.skip("if")) {
      ScriptExpression condition = expressions.one();
      List<ScriptStatement> then = block();
      into.add(new ScriptStatement.If(condition, then, in.skip("else") ? block() : List.of()));
    } else if (in.skip("while")) {
      ScriptExpression condition = expressions.one();
      into.add(new ScriptStatement.While(condition, block()));
    } else if (in.skip("for")) {
      String variable = in.expect(Kind.NAME);
      in.expect("in");
      ScriptExpression range = expressions.one();
      into.add(new ScriptStatement.For(variable, range, block()));
    } else if (in.skip("with")) {
      ScriptExpression manager = expressions.one();
      String variable = in.skip("as") ? in.expect(Kind.NAME) : null;
      into.add(new ScriptStatement.With(manager, variable, block()));
    } else if (in.skip("pass")) {
      in.expect(Kind.NEWLINE);
    } else if (in.skip("return")) {
      into.add(new ScriptStatement.Return(expressions.one()));
      in.expect(Kind.NEWLINE);
    } else {
      assignment(into);
    }
  }

  private void assignment(List<ScriptStatement> into) {
    int at = in.start();
    List<ScriptExpression> left = expressions.many();
    ScriptExpression type = in.skip(":") ? expressions.one() : null;
    if (in.skip("=")) {
      for (ScriptExpression target : left) {
        if (!(target instanceof ScriptExpression.Name)
            && !(target instanceof ScriptExpression.Attribute)) {
          throw in.fail(at, "code assigns to what is no variable");
        }
      }
      into.add(new ScriptStatement.Assign(left, type, expressions.many()));
    } else if (type == null && left.size() == 1) {
      into.add(new ScriptStatement.Evaluate(left.get(0)));
    } else {
      throw in.unexpected("'='");
    }
    in.expect(Kind.NEWLINE);
  }
}
