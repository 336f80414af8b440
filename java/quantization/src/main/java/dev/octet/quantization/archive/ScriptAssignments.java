// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import dev.octet.quantization.archive.ScriptExpression.Name;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds the variables that code computes, other than by handing on a value that is there. */
final class ScriptAssignments {
  private final Set<String> computed = new HashSet<>();
  private final Map<String, List<String>> copies = new HashMap<>();

  private ScriptAssignments() {}

  /** The names of the variables that some statements compute, those in their blocks too. */
  static Set<String> computed(List<ScriptStatement> statements) {
    ScriptAssignments assignments = new ScriptAssignments();
    assignments.visit(statements);
    assignments.follow();
    return assignments.computed;
  }

  /** A copy of what is computed is computed too. */
  private void follow() {
    Deque<String> open = new ArrayDeque<>(computed);
    while (!open.isEmpty()) {
      for (String copy : copies.getOrDefault(open.pop(), List.of())) {
        if (computed.add(copy)) {
          open.push(copy);
        }
      }
    }
  }

  private void visit(List<ScriptStatement> statements) {
    for (ScriptStatement statement : statements) {
      if (statement instanceof ScriptStatement.Assign assign) {
        visit(assign);
      } else if (statement instanceof ScriptStatement.If branches) {
        visit(branches.then());
        visit(branches.otherwise());
      } else if (statement instanceof ScriptStatement.While loop) {
        visit(loop.body());
      } else if (statement instanceof ScriptStatement.For loop) {
        visit(loop.body());
      } else if (statement instanceof ScriptStatement.With with) {
        visit(with.body());
      }
    }
  }

  private void visit(ScriptStatement.Assign assign) {
    for (int i = 0; i < assign.targets().size(); i++) {
      ScriptExpression value = assign.values().get(Math.min(i, assign.values().size() - 1));
      if (!(assign.targets().get(i) instanceof Name target) || ScriptLiterals.isLiteral(value)) {
        continue;
      }
      if (value instanceof Name source) {
        copies.computeIfAbsent(source.id(), name -> new ArrayList<>()).add(target.id());
      } else {
        computed.add(target.id());
      }
    }
  }
}
