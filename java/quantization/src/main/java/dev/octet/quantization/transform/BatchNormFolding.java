// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.graph.GraphEditor;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.graph.GraphValue;
import dev.octet.quantization.graph.GraphValues;
import dev.octet.quantization.transform.match.MatchedMethod;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleReplaceException;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.Module;

/**
 * Folds batch normalizations in eval mode into the convolution or Linear before them.
 *
 * <p>The layer is replaced by one that does the work of both, with a bias if it had none; its new
 * weights are computed in 64 bits and rounded once. An Identity takes the place of the batch
 * normalization, so that all other names stay. Folded is what follows directly on a layer in a
 * graph or Sequential anywhere in the model, if the layer's output goes nowhere else, both are
 * called at this place only, and the layer shares its weights with nobody. After a Linear, the
 * batch normalization is taken to be over its output features, not over a sequence of the same
 * length.
 *
 * <p>Calls of {@code aten::batch_norm} in graphs are folded as well; the tensors that they read
 * stay in the graph, and so in the state dict.
 *
 * <p>Not thread-safe; no run of the model may be going on.
 */
public final class BatchNormFolding {

  private final ModuleTree tree;
  private final ModelCalls calls;
  private final FoldingChecks checks;
  private final Set<String> set;
  private final Map<GraphModule, Map<String, MatchedMethod>> methods = new HashMap<>();
  private final List<FoldingReport.Folded> folded = new ArrayList<>();
  private final List<FoldingReport.Left> left = new ArrayList<>();
  private final List<Module> replaced = new ArrayList<>();

  private BatchNormFolding(Module model) {
    Objects.requireNonNull(model, "model is null; pass the model whose modules are to be folded");
    tree = ModuleTree.of(ModuleTree.adopt(model));
    calls = ModelCalls.of(tree);
    checks = new FoldingChecks(calls);
    set = GraphMethods.setNames(tree.root());
  }

  /**
   * Fold the batch normalizations of a model in place.
   *
   * @param model any model, in eval mode
   * @return what was folded, and the model's root: the argument, unless it is a container of the
   *     presets, which can't run Java modules
   */
  public static FoldingReport fold(Module model) {
    return new BatchNormFolding(model).run();
  }

  /**
   * Fold the batch normalizations of a copy of a model, which itself stays as it is.
   *
   * @param model any model that can be copied, in eval mode
   * @return what was folded, and the copy
   * @throws IllegalArgumentException if the model can't be copied; the message says how it can
   */
  public static FoldingReport foldCopy(Module model) {
    return foldOwned(ModelCopier.copy(model));
  }

  /**
   * Fold the batch normalizations of a copy of a model, which itself stays as it is.
   *
   * @param model any model, in eval mode
   * @param factory makes a model of the same structure, into which parameters and buffers are
   *     copied
   * @return what was folded, and the copy
   * @throws IllegalArgumentException if the factory's model has another structure
   */
  public static FoldingReport foldCopy(Module model, Supplier<? extends Module> factory) {
    return foldOwned(ModelCopier.copy(model, factory));
  }

  private static FoldingReport foldOwned(Module copy) {
    BatchNormFolding folding = new BatchNormFolding(copy);
    FoldingReport report = folding.run();
    folding.replaced.forEach(Module::close);
    return report;
  }

  private FoldingReport run() {
    for (Module module : calls.modules()) {
      BatchNormStatistics statistics = BatchNormStatistics.of(module);
      if (statistics != null) {
        fold(module, statistics);
      }
    }
    GraphMethods.graphs(tree.root()).forEach(this::foldFunctions);
    return new FoldingReport(tree.root(), folded, left);
  }

  private void fold(Module norm, BatchNormStatistics statistics) {
    ModuleNode place = calls.registrations(norm).get(0);
    Module layer = null;
    String problem = checks.norm(norm, statistics);
    if (problem == null) {
      CallSite site = calls.sites(norm).get(0);
      if (site instanceof CallSite.InGraph node) {
        MatchedMethod method = method(node.graph(), node.method());
        GraphNode call = method.producer(node.node());
        problem = FoldingChecks.input(call, method);
        layer = problem == null ? method.module(method.producer(call.arguments().get(0))) : null;
      } else if (site instanceof CallSite.InChain chain) {
        layer = chain.previous();
      }
    }
    int dimensions = BatchNormStatistics.dimensions(norm);
    problem = problem == null ? checks.layer(layer, dimensions, statistics) : problem;
    IdentityImpl identity = new IdentityImpl();
    identity.eval();
    problem = problem == null ? checkReplace(place, identity) : problem;
    if (note(place.path(), layer, statistics, problem)) {
      replace(norm, identity);
    }
  }

  private void replace(Module old, Module replacement) {
    ModuleNode place = calls.registrations(old).get(0);
    tree.replace(place.parent(), place.name(), replacement);
    calls.replace(old, replacement);
    replaced.add(old);
  }

  private String checkReplace(ModuleNode place, Module replacement) {
    try {
      tree.checkReplace(place.parent(), place.name(), replacement);
      return null;
    } catch (ModuleReplaceException e) {
      return e.getMessage();
    }
  }

  /** Replace the layer if nothing speaks against it, and take it into the report. */
  private boolean note(String norm, Module layer, BatchNormStatistics statistics, String problem) {
    String reason = problem;
    if (reason == null) {
      ModuleNode place = calls.registrations(layer).get(0);
      Module replacement = FoldableLayer.of(layer).folded(statistics);
      reason = checkReplace(place, replacement);
      if (reason == null) {
        replace(layer, replacement);
        return folded.add(new FoldingReport.Folded(norm, place.path()));
      }
    }
    left.add(new FoldingReport.Left(norm, reason));
    return false;
  }

  private MatchedMethod method(GraphModule graph, String name) {
    return methods
        .computeIfAbsent(graph, g -> new LinkedHashMap<>())
        .computeIfAbsent(name, n -> new MatchedMethod(graph, n));
  }

  private void foldFunctions(String path, GraphModule graph) {
    for (String name : List.copyOf(graph.methods().keySet())) {
      List<GraphNode> norms = FunctionalBatchNorm.nodes(graph.methods().get(name));
      if (norms.isEmpty()) {
        continue;
      }
      MatchedMethod method = method(graph, name);
      for (GraphNode node : norms) {
        foldFunction((path.isEmpty() ? "" : path + ": ") + node.name(), node, method);
      }
      if (method.editor().isChanged()) {
        graph.replaceMethod(name, method.editor().method());
      }
    }
  }

  private void foldFunction(String norm, GraphNode node, MatchedMethod method) {
    try (FunctionalBatchNorm function = new FunctionalBatchNorm(node, method, set)) {
      String problem = function.problem();
      problem = problem == null ? FoldingChecks.input(node, method) : problem;
      GraphNode before = problem == null ? method.producer(node.arguments().get(0)) : null;
      Module layer = method.module(before);
      problem = problem == null ? checks.layer(layer, 0, function.statistics()) : problem;
      if (note(norm, layer, function.statistics(), problem)) {
        GraphEditor editor = method.editor();
        editor.replaceUses(node.result(), before.result());
        editor.erase(node.result());
        List<GraphValue> used = new ArrayList<>();
        GraphValues.used(node.arguments(), used::add);
        DeadNodes.erase(editor, method.effects(), used);
      }
    }
  }
}
