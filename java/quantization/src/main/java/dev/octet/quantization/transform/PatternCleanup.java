// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import dev.octet.quantization.transform.match.Match;
import dev.octet.quantization.transform.match.MatchedMethod;
import dev.octet.quantization.transform.pattern.Pattern;
import dev.octet.quantization.transform.pattern.Patterns;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.bytedeco.pytorch.Module;

/**
 * Finds what a model spells out in primitive operators (attention, GELU, LayerNorm and the like)
 * and puts single operators in its place.
 *
 * <p>Results stay the same to 1e-5 of the largest value in 32-bit floats. Something is replaced
 * only if nothing else uses the values in between and no node writes to memory in a way that could
 * show. What depends on the training mode, as dropout does, is decided by the mode that the modules
 * are in now. Not thread-safe; no run of the model may be going on.
 */
public final class PatternCleanup {

  private final List<Pattern> patterns;
  private final List<CleanupReport.Found> found = new ArrayList<>();
  private final List<CleanupReport.Left> left = new ArrayList<>();

  private PatternCleanup(List<Pattern> patterns) {
    this.patterns = patterns;
  }

  /**
   * Clean up all graphs of a model, in place, with {@linkplain Patterns#all() all patterns}.
   *
   * @param model any model
   * @return what was found where
   */
  public static CleanupReport apply(Module model) {
    return apply(model, Patterns.all());
  }

  /**
   * Clean up all graphs of a model, in place.
   *
   * @param model any model
   * @param patterns what to look for; at each node, the first that is found is taken
   * @return what was found where
   */
  public static CleanupReport apply(Module model, List<? extends Pattern> patterns) {
    PatternCleanup cleanup = new PatternCleanup(List.copyOf(patterns));
    CommonAttributes.merge(model);
    GraphMethods.graphs(model)
        .forEach(
            (path, graph) ->
                List.copyOf(graph.methods().keySet())
                    .forEach(name -> cleanup.method(path, graph, name)));
    return new CleanupReport(cleanup.found, cleanup.left);
  }

  private void method(String path, GraphModule graph, String name) {
    MatchedMethod method = new MatchedMethod(graph, name);
    List<CleanupReport.Left> leftHere = new ArrayList<>();
    boolean changed = true;
    while (changed) {
      changed = false;
      leftHere.clear();
      for (GraphNode node : method.editor().nodes()) {
        changed |= isThere(node, method) && node(path, name, node, method, leftHere);
      }
    }
    left.addAll(leftHere);
    if (method.editor().isChanged()) {
      graph.replaceMethod(name, method.editor().method());
    }
  }

  private static boolean isThere(GraphNode node, MatchedMethod method) {
    return method.producer(node.result()) != null;
  }

  private boolean node(
      String path,
      String name,
      GraphNode node,
      MatchedMethod method,
      List<CleanupReport.Left> leftHere) {
    for (Pattern pattern : patterns) {
      if (!pattern.mayEndAt(node)) {
        continue;
      }
      Match match = new Match(method, method.producer(node.result()));
      boolean matches = pattern.matches(match);
      String obstacle = matches ? match.obstacle() : match.refusal();
      if (obstacle != null) {
        leftHere.add(
            new CleanupReport.Left(
                path, name, pattern.name(), node.name(), obstacle, node.source()));
      } else if (matches) {
        found.add(new CleanupReport.Found(path, name, pattern.name(), names(match), node.source()));
        replace(match, pattern);
        return true;
      }
    }
    return false;
  }

  private static List<String> names(Match match) {
    return inOrder(match).stream().map(GraphValue::name).toList();
  }

  private static List<GraphValue> inOrder(Match match) {
    GraphEditor editor = match.method().editor();
    return match.included().stream().sorted(Comparator.comparing(editor::position)).toList();
  }

  private static void replace(Match match, Pattern pattern) {
    GraphEditor editor = match.method().editor();
    List<GraphValue> old = new ArrayList<>(inOrder(match));
    editor.replaceUses(match.root().result(), pattern.rewrite(match));
    Collections.reverse(old);
    List<GraphValue> used = new ArrayList<>();
    for (GraphValue value : old) {
      if (editor.useCount(value) == 0) {
        GraphValues.used(editor.producer(value), used::add);
        editor.erase(value);
      }
    }
    DeadNodes.erase(editor, match.method().effects(), used);
  }
}
