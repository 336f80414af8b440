// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Module;

/** Decides for every layer of one model how it runs, and lets it. */
final class Placement {
  private final Module model;
  private final IntegerOptions options;
  private final List<ModulePlace> places;
  private final Map<QuantizedModule, LayerExecution> executions = new LinkedHashMap<>();

  Placement(Module model, IntegerOptions options) {
    this.model = model;
    this.options = options;
    places = ModulePlace.all(ModuleTree.of(model));
  }

  /**
   * Checks that a model is one that can be served.
   *
   * @throws IllegalStateException that names the modules which are not ready
   */
  static void requireReady(Module model) {
    List<String> training = new ArrayList<>();
    List<String> unranged = new ArrayList<>();
    boolean any = false;
    for (ModuleNode node : ModuleTree.of(model).nodes()) {
      if (!(node.module() instanceof QuantizedModule layer)) {
        continue;
      }
      any = true;
      if (node.module().is_training()) {
        training.add(node.path());
      }
      boolean weight = layer.quantizesWeights() && hasWeight(node.module());
      if ((weight && !hasRange(layer.weightQuantizer().orElse(null)))
          || (layer.quantizesActivations()
              && !hasRange(layer.activationQuantizer().orElse(null)))) {
        unranged.add(node.path());
      }
    }
    if (!any) {
      throw new IllegalStateException(
          "the model has no quantized module; convert it by Conversion.convertToQuantized first");
    }
    if (!training.isEmpty()) {
      throw new IllegalStateException(
          "quantized modules are in train mode: " + training + "; call eval() on the model");
    }
    if (!unranged.isEmpty()) {
      throw new IllegalStateException(
          "quantizers have no range yet in "
              + unranged
              + "; calibrate the model, or load its state, first");
    }
  }

  private static boolean hasRange(QuantizationManager manager) {
    return manager == null || manager.isInitialized();
  }

  /** A layer normalization without weight has a quantizer for it that never runs. */
  private static boolean hasWeight(Module module) {
    try (var parameters = module.named_parameters(false)) {
      return parameters.contains("weight");
    }
  }

  /** Lets all layers run as decided. */
  LoweringReport carryOut() {
    Map<QuantizedModule, String> layers = new IdentityHashMap<>();
    for (ModulePlace place : places) {
      if (place.isFirst() && place.module() instanceof QuantizedModule layer) {
        layers.put(layer, place.path());
      }
    }
    GridSearch search = GridSearch.run(model, layers, options.examples());
    Shared<Workspaces> workspaces = new Shared<>(new Workspaces());
    LayerPlanner planner = new LayerPlanner(options, search, workspaces, places);
    Report report = new Report();
    try {
      for (ModulePlace place : places) {
        if (place.isFirst()) {
          report.add(place, planner.plan(place));
        }
      }
      executions.putAll(planner.executions());
    } catch (RuntimeException | Error e) {
      planner.executions().values().forEach(LayerExecution::close);
      throw e;
    } finally {
      workspaces.release();
    }
    for (QuantizedModule layer : layers.keySet()) {
      LayerExecution before = layer.quantization().exchangeExecution(executions.get(layer));
      if (before != null) {
        before.close();
      }
    }
    return report.build(options);
  }
}
