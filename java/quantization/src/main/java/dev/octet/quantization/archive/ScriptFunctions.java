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
import dev.octet.quantization.archive.ScriptStatement.Function;
import dev.octet.quantization.archive.ScriptStatement.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Looks through the bodies of functions for what libtorch would compute while it loads them.
 *
 * <p>It runs operators whose arguments are all known, and gives tuples types with a part for each
 * of theirs. Code that torch writes had that done before it was saved; altered code can make it
 * divide by zero (which ends the process), or fill all memory. So every value is followed: whether
 * it may be known, how long its text and how large its type may be.
 */
final class ScriptFunctions {
  private static final long MAX_TUPLE = 10_000;
  private static final long MAX_TEXT = 16L << 20;
  private static final long SATURATED = Long.MAX_VALUE / 8;
  private static final String CONSTANTS = "CONSTANTS";
  private static final String CODE = "__torch__.";

  private final EntrySite site;
  private final List<ScriptFacts> constants;
  private final ScriptVariables variables = new ScriptVariables();

  private ScriptFunctions(EntrySite site, List<ScriptFacts> constants) {
    this.site = site;
    this.constants = constants;
  }

  /**
   * Checks all functions of a file, and that constants and default values are written values.
   *
   * @param constants what is known of the archive's constants, by index
   */
  static void check(ScriptFile file, List<ScriptFacts> constants) {
    file.functions().values().forEach(f -> checkOne(file, f, constants));
    for (ScriptClass type : file.classes().values()) {
      type.methods().forEach(method -> checkOne(file, method, constants));
      for (Map.Entry<String, ScriptExpression> constant : type.constants().entrySet()) {
        requireLiteral(file.site(), constant.getKey(), constant.getValue());
      }
    }
  }

  private static void requireLiteral(EntrySite site, String name, ScriptExpression value) {
    if (!ScriptLiterals.isLiteral(value)) {
      throw site.at(
          value.at(),
          "'" + name + "' has a value that is computed while it is loaded: not what torch writes");
    }
  }

  private static void checkOne(ScriptFile file, Function function, List<ScriptFacts> constants) {
    new ScriptFunctions(file.site(), constants).function(function);
  }

  private void function(Function function) {
    for (Parameter parameter : function.parameters()) {
      if (parameter.defaultValue() != null) {
        requireLiteral(site, parameter.name(), parameter.defaultValue());
      }
      if (parameter.type() != null) {
        checkWidth(ScriptTypeSizes.written(parameter.type()), parameter.type().at());
      }
      variables.put(parameter.name(), ScriptFacts.UNKNOWN);
    }
    block(function.body());
  }

  private void block(List<ScriptStatement> statements) {
    statements.forEach(this::statement);
  }

  private Map<String, ScriptFacts> inner(List<ScriptStatement> statements) {
    variables.begin();
    block(statements);
    return variables.end();
  }

  private void statement(ScriptStatement statement) {
    if (statement instanceof ScriptStatement.Assign assign) {
      assign(assign);
    } else if (statement instanceof ScriptStatement.Evaluate evaluate) {
      facts(evaluate.value());
    } else if (statement instanceof ScriptStatement.Return result) {
      facts(result.value());
    } else if (statement instanceof ScriptStatement.If branches) {
      boolean known = facts(branches.condition()).known();
      Map<String, ScriptFacts> then = inner(branches.then());
      variables.join(then, inner(branches.otherwise()), known);
    } else if (statement instanceof ScriptStatement.While loop) {
      loop(loop.body(), facts(loop.condition()).known());
    } else if (statement instanceof ScriptStatement.For loop) {
      variables.put(loop.variable(), ScriptFacts.UNKNOWN);
      loop(loop.body(), mayBeSkipped(loop.range()));
    } else if (statement instanceof ScriptStatement.With with) {
      facts(with.manager());
      if (with.variable() != null) {
        variables.put(with.variable(), ScriptFacts.UNKNOWN);
      }
      block(with.body());
    } else if (statement instanceof Function function) {
      variables.put(function.name(), ScriptFacts.UNKNOWN);
      variables.begin();
      function(function);
      variables.end();
    }
  }

  /** Whether the number of rounds is known and may be none, so that the loop may be left out. */
  private boolean mayBeSkipped(ScriptExpression range) {
    if (!(range instanceof Call call)) {
      return facts(range).known();
    }
    boolean known = all(ScriptFacts.KNOWN, call.arguments()).known();
    return known
        && !(call.arguments().size() == 1
            && call.arguments().get(0) instanceof ScriptExpression.Number rounds
            && ScriptOperators.isNotZero(rounds));
  }

  /** What a round computes anew is not known, in the loop and after it. */
  private void loop(List<ScriptStatement> body, boolean mayBeSkipped) {
    variables.begin();
    for (String name : ScriptAssignments.computed(body)) {
      ScriptFacts before = variables.get(name);
      if (before != null) {
        variables.put(name, new ScriptFacts(false, 0, before.width()));
      }
    }
    block(body);
    variables.join(variables.end(), Map.of(), mayBeSkipped);
  }

  private void assign(ScriptStatement.Assign assign) {
    List<ScriptFacts> values = new ArrayList<>();
    assign.values().forEach(value -> values.add(facts(value)));
    long written = assign.type() == null ? 0 : ScriptTypeSizes.written(assign.type());
    for (int i = 0; i < assign.targets().size(); i++) {
      ScriptExpression target = assign.targets().get(i);
      ScriptFacts value = values.get(Math.min(i, values.size() - 1)).widened(written);
      checkWidth(value.width(), target.at());
      if (target instanceof Name name) {
        variables.put(name.id(), value);
      } else {
        facts(((Attribute) target).base());
      }
    }
  }

  private ScriptFacts facts(ScriptExpression expression) {
    if (expression instanceof Name name) {
      return name(name);
    }
    if (expression instanceof Text text) {
      return ScriptFacts.KNOWN.withText(text.escaped().length());
    }
    if (expression instanceof ScriptExpression.Number) {
      return ScriptFacts.KNOWN;
    }
    if (expression instanceof Negative negative) {
      return facts(negative.operand());
    }
    if (expression instanceof Attribute attribute) {
      return attribute(attribute);
    }
    if (expression instanceof Call call) {
      return call(call);
    }
    if (expression instanceof Index index) {
      return all(facts(index.base()), index.items());
    }
    if (expression instanceof Slice slice) {
      return all(ScriptFacts.KNOWN, parts(slice));
    }
    return display(expression);
  }

  private ScriptFacts name(Name name) {
    if (ScriptLiterals.isLiteral(name)) {
      return ScriptFacts.KNOWN;
    }
    ScriptFacts facts = variables.get(name.id());
    if (facts == null) {
      throw site.at(
          name.at(), "code uses '" + name.id() + "' as a value, which no line before makes");
    }
    return facts;
  }

  private static List<ScriptExpression> parts(Slice slice) {
    List<ScriptExpression> parts = new ArrayList<>();
    if (slice.begin() != null) {
      parts.add(slice.begin());
    }
    if (slice.end() != null) {
      parts.add(slice.end());
    }
    return parts;
  }

  private ScriptFacts display(ScriptExpression expression) {
    if (expression instanceof TupleOf tuple) {
      boolean known = true;
      long text = 0;
      long width = 1;
      for (ScriptExpression item : tuple.items()) {
        ScriptFacts facts = facts(item);
        known &= facts.known();
        text = Math.max(text, facts.text());
        width = Math.min(SATURATED, width + facts.width());
      }
      checkWidth(width, tuple.at());
      return new ScriptFacts(known, text, width);
    }
    ScriptFacts all =
        expression instanceof ListOf list
            ? all(ScriptFacts.UNKNOWN, list.items())
            : all(
                all(ScriptFacts.UNKNOWN, ((DictOf) expression).keys()),
                ((DictOf) expression).values());
    checkWidth(all.width() + 1, expression.at());
    return all.widened(1);
  }

  /** Facts of something made of parts: known if all are, as long and wide as the greatest. */
  private ScriptFacts all(ScriptFacts first, List<ScriptExpression> rest) {
    ScriptFacts all = first;
    for (ScriptExpression part : rest) {
      all = all.and(facts(part));
    }
    return all;
  }

  private ScriptFacts attribute(Attribute attribute) {
    if (attribute.base() instanceof Name base && base.id().equals(CONSTANTS)) {
      String index = attribute.name().substring(1);
      if (!index.matches("[0-9]{1,9}") || Integer.parseInt(index) >= constants.size()) {
        throw site.at(
            attribute.at(),
            "code uses constant '"
                + attribute.name()
                + "', there are "
                + constants.size()
                + ": the file is altered, copy it again");
      }
      return constants.get(Integer.parseInt(index));
    }
    String dotted = ScriptExpression.dottedName(attribute);
    if (dotted != null && ScriptOperators.isOperator(dotted)) {
      // Under another name the operator could be called unseen.
      throw site.at(attribute.at(), "code uses " + dotted + " as a value: not what torch writes");
    }
    if (dotted == null || !dotted.startsWith(CODE)) {
      facts(attribute.base());
    }
    return ScriptFacts.UNKNOWN;
  }

  private ScriptFacts call(Call call) {
    String callee = ScriptExpression.dottedName(call.callee());
    List<ScriptExpression> arguments = call.arguments();
    if (callee == null || !ScriptOperators.isBuiltIn(callee)) {
      callee(call.callee());
    } else if (callee.equals("uninitialized")) {
      return ScriptFacts.UNKNOWN;
    } else if (callee.equals("isinstance")) {
      arguments.stream().limit(1).forEach(this::facts);
      return ScriptFacts.KNOWN;
    } else if (arguments.size() == 2
        && (callee.equals("annotate") || callee.equals("unchecked_cast"))) {
      ScriptFacts value = facts(arguments.get(1));
      ScriptFacts typed = value.widened(ScriptTypeSizes.written(arguments.get(0)));
      checkWidth(typed.width(), call.at());
      return typed;
    }
    ScriptFacts all = ScriptFacts.KNOWN;
    long text = 0;
    for (List<ScriptExpression> part : List.of(arguments, call.keywordArguments())) {
      for (ScriptExpression argument : part) {
        ScriptFacts facts = facts(argument);
        all = all.and(facts);
        text = Math.min(SATURATED, text + facts.text());
      }
    }
    if (callee == null || !ScriptOperators.isOperator(callee)) {
      return ScriptFacts.UNKNOWN;
    }
    return all.known()
        ? known(callee, call, all, text)
        : new ScriptFacts(false, 0, all.width() + 1);
  }

  /** A function or method of the archive, or one in a variable. */
  private void callee(ScriptExpression callee) {
    String dotted = ScriptExpression.dottedName(callee);
    if (dotted != null && dotted.startsWith(CODE)) {
      return;
    }
    if (callee instanceof Attribute method && facts(method.base()).known()) {
      throw site.at(
          callee.at(),
          "code calls the method '"
              + method.name()
              + "' of a known value, which libtorch would compute while it loads: not what torch"
              + " writes");
    }
    if (!(callee instanceof Attribute)) {
      facts(callee);
    }
  }

  private ScriptFacts known(String operator, Call call, ScriptFacts all, long given) {
    if (ScriptOperators.isRefusedWhenKnown(operator, call)) {
      throw site.at(
          call.at(),
          "code calls "
              + operator
              + " with known values, which libtorch would compute while it loads: not what torch"
              + " writes");
    }
    long text = ScriptOperators.repeatsText(operator) ? given * Math.max(1, all.text()) : given;
    if (text > MAX_TEXT) {
      throw site.at(call.at(), "code makes a text of up to " + text + " bytes while it is loaded");
    }
    return new ScriptFacts(true, text, all.width() + 1);
  }

  private void checkWidth(long width, int at) {
    if (width > MAX_TUPLE) {
      throw site.at(
          at,
          "code has a tuple of more than "
              + MAX_TUPLE
              + " parts with those of its"
              + " parts, more than any model needs");
    }
  }
}
