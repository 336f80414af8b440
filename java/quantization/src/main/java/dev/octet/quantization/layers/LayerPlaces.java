// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import dev.octet.quantization.graph.GraphDefinition;
import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.tree.ModuleTree;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Module;

/** Makes the modules of layers that were found, each once, and gives them their places. */
final class LayerPlaces {

  private final KnownLayers layers;
  private final Map<String, Module> existing;
  private final boolean training;
  private final List<Placed> placed = new ArrayList<>();
  private final Map<String, Integer> counts = new HashMap<>();

  LayerPlaces(KnownLayers layers, Map<String, Module> existing, boolean training) {
    this.layers = layers;
    this.existing = existing;
    this.training = training;
  }

  /** The path of the module for a layer, made if there is none; nothing if it is no layer. */
  Optional<String> pathOf(OperatorLayer layer) {
    RecordedLayer recorded = layer.recorded(training);
    Blueprint blueprint;
    try {
      blueprint = layers.blueprint(recorded);
      for (Placed each : placed) {
        if (each.is(layer, blueprint)) {
          return Optional.of(each.path());
        }
      }
      String named = LayerNames.of(layer.weight());
      Module there = named == null ? null : below(existing, named);
      if (there != null && layers.isMade(there, recorded, blueprint)) {
        return place(named, layer, blueprint, there);
      }
      String path = named == null || isTaken(named) ? numbered(layer.kind()) : named;
      return place(path, layer, blueprint, layers.make(recorded, blueprint));
    } catch (Unrecognized e) {
      // It stays an operator.
      return Optional.empty();
    }
  }

  private Optional<String> place(
      String path, OperatorLayer layer, Blueprint blueprint, Module module) {
    placed.add(new Placed(path, layer, blueprint, module));
    return Optional.of(path);
  }

  private static Module below(Map<String, Module> modules, String path) {
    Map<String, Module> there = modules;
    Module module = null;
    for (String name : path.split("\\.")) {
      module = there.get(name);
      if (module == null) {
        return null;
      }
      there = ModuleTree.of(module).children(module);
    }
    return module;
  }

  /** Whether a path leads into what is there, or to or through another new module. */
  private boolean isTaken(String path) {
    String first = path.contains(".") ? path.substring(0, path.indexOf('.')) : path;
    return existing.containsKey(first)
        || placed.stream()
            .map(Placed::path)
            .anyMatch(
                other ->
                    other.equals(path)
                        || other.startsWith(path + ".")
                        || path.startsWith(other + "."));
  }

  private String numbered(String kind) {
    String name;
    do {
      name = kind + "_" + (counts.merge(kind, 1, Integer::sum) - 1);
    } while (isTaken(name));
    return name;
  }

  Map<String, Module> modules() {
    Map<String, Module> modules = new LinkedHashMap<>();
    placed.forEach(each -> modules.put(each.path(), each.module()));
    return modules;
  }

  Map<String, Module> children() {
    Map<String, Module> children = new LinkedHashMap<>(existing);
    Map<String, Object> tree = new LinkedHashMap<>();
    for (Placed each : placed) {
      if (below(existing, each.path()) == null) {
        insert(tree, each.path().split("\\."), each.module());
      }
    }
    tree.forEach((name, part) -> children.put(name, module(name, part)));
    return children;
  }

  @SuppressWarnings("unchecked")
  private static void insert(Map<String, Object> tree, String[] names, Module module) {
    Map<String, Object> at = tree;
    for (int i = 0; i < names.length - 1; i++) {
      at = (Map<String, Object>) at.computeIfAbsent(names[i], name -> new LinkedHashMap<>());
    }
    at.put(names[names.length - 1], module);
  }

  @SuppressWarnings("unchecked")
  private Module module(String name, Object part) {
    if (part instanceof Module module) {
      return module;
    }
    Map<String, Module> children = new LinkedHashMap<>();
    Map<String, Object> parts = (Map<String, Object>) part;
    parts.forEach((key, value) -> children.put(key, module(key, value)));
    return GraphModule.of(
        new GraphDefinition("GraphModule", children, Map.of(), Map.of(), Map.of(), training));
  }

  /** A layer that has its place. */
  private record Placed(String path, OperatorLayer layer, Blueprint blueprint, Module module) {

    boolean is(OperatorLayer other, Blueprint made) {
      return layer.className().equals(other.className())
          && blueprint.agrees(made)
          && KnownLayers.sameTensors(layer.tensors(), other.tensors());
    }
  }
}
