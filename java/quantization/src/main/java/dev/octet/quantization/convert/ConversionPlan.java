// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.tree.ModuleNode;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.pytorch.EmbeddingBagImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.Module;

/**
 * What a map would do with every module of a model, and why. Conversion carries out just this.
 *
 * <p>Immutable; holds on to the model's modules.
 */
public final class ConversionPlan {
  private static final int NEAREST = 3;

  private final List<PlannedModule> modules;
  private final Map<String, List<String>> unknownPaths;
  private final Set<String> unusedTypes;

  private ConversionPlan(
      List<PlannedModule> modules,
      Map<String, List<String>> unknownPaths,
      Set<String> unusedTypes) {
    this.modules = Collections.unmodifiableList(modules);
    this.unknownPaths = Collections.unmodifiableMap(unknownPaths);
    this.unusedTypes = Collections.unmodifiableSet(unusedTypes);
  }

  /** Plans the conversion of a model; changes nothing. */
  public static ConversionPlan of(Module model, QuantizationMap map) {
    return of(ModuleTree.of(model), map);
  }

  static ConversionPlan of(ModuleTree tree, QuantizationMap map) {
    List<PlannedModule> modules = new ArrayList<>();
    Map<String, Decision> decisions = new HashMap<>();
    Set<Long> descended = new HashSet<>();
    Set<String> paths = new LinkedHashSet<>();
    Set<String> unusedTypes = new LinkedHashSet<>(map.moduleQConfigMap().keySet());
    for (ModuleNode node : tree.nodes()) {
      paths.add(node.path());
      typeNames(node.module()).forEach(unusedTypes::remove);
      PlannedModule planned = plan(node, map, decisions, descended);
      decisions.put(node.path(), planned.decision());
      modules.add(planned);
    }
    return new ConversionPlan(modules, unknownPaths(tree, map, paths), unusedTypes);
  }

  private static PlannedModule plan(
      ModuleNode node, QuantizationMap map, Map<String, Decision> decisions, Set<Long> descended) {
    String path = node.path();
    Decision above = path.isEmpty() ? Decision.NONE : decisions.get(parentPath(node));
    if (above == Decision.EXCLUDED || above == Decision.INSIDE_EXCLUDED) {
      return planned(node, Decision.INSIDE_EXCLUDED, null, null);
    }
    if (!above.descends()) {
      return planned(node, above == Decision.SHARED ? above : Decision.INSIDE_REPLACED, null, null);
    }
    if (map.excludedModules().contains(path)) {
      return planned(node, Decision.EXCLUDED, null, null);
    }
    ActivationQuantConfig input = path.isEmpty() ? null : map.inputActivationQConfigMap().get(path);
    QuantizedModuleConfig config = map.instanceQConfigMap().get(path);
    Decision decision = Decision.INSTANCE;
    if (config == null) {
      config = byType(node.module(), map);
      decision = Decision.TYPE;
    }
    if (config != null) {
      return planned(node, config.qconfig().enabled() ? decision : Decision.NO_BITS, config, input);
    }
    // The children of a module that is registered again are those that were planned before.
    boolean first = descended.add(ModuleTypes.identity(node.module()));
    return planned(node, first ? Decision.NONE : Decision.SHARED, null, input);
  }

  private static PlannedModule planned(
      ModuleNode node,
      Decision decision,
      QuantizedModuleConfig config,
      ActivationQuantConfig input) {
    return new PlannedModule(
        node, decision, Optional.ofNullable(config), Optional.ofNullable(input));
  }

  private static String parentPath(ModuleNode node) {
    int length = node.path().length() - node.name().length();
    return length == 0 ? "" : node.path().substring(0, length - 1);
  }

  private static QuantizedModuleConfig byType(Module module, QuantizationMap map) {
    for (String name : typeNames(module)) {
      QuantizedModuleConfig config = map.moduleQConfigMap().get(name);
      if (config != null) {
        return config;
      }
    }
    return null;
  }

  private static List<String> typeNames(Module module) {
    return List.of(ModuleTypes.typeName(module), module.getClass().getName());
  }

  private static Map<String, List<String>> unknownPaths(
      ModuleTree tree, QuantizationMap map, Set<String> paths) {
    Set<String> named = new LinkedHashSet<>(map.excludedModules());
    named.addAll(map.instanceQConfigMap().keySet());
    named.addAll(map.inputActivationQConfigMap().keySet());
    named.removeAll(paths);
    Map<String, List<String>> unknown = new LinkedHashMap<>();
    named.forEach(path -> unknown.put(path, tree.nearest(path, NEAREST)));
    return unknown;
  }

  /** Returns the model's modules in pre-order, repeated registrations included. */
  public List<PlannedModule> modules() {
    return modules;
  }

  /** Returns the map's paths that the model does not have, each with the nearest that it has. */
  public Map<String, List<String>> unknownPaths() {
    return unknownPaths;
  }

  /** Returns the map's types of which the model has no module. */
  public Set<String> unusedTypes() {
    return unusedTypes;
  }

  /**
   * Checks that the model has every path that the map names, and that input quantizers stand in
   * front of modules that take numbers.
   *
   * @throws UnknownModuleException if the model has not
   * @throws IllegalArgumentException if an input quantizer would stand in front of an embedding
   */
  public void requireValid() {
    if (!unknownPaths.isEmpty()) {
      throw new UnknownModuleException(unknownPaths);
    }
    for (PlannedModule planned : modules) {
      Module module = planned.node().module();
      if (planned.input().isPresent()
          && (module instanceof EmbeddingImpl || module instanceof EmbeddingBagImpl)) {
        throw new IllegalArgumentException(
            "the map has an input quantizer for '"
                + planned.node().path()
                + "', which is an "
                + ModuleTypes.typeName(module)
                + ": its inputs are indices, which have no grid; quantize its weight instead");
      }
    }
  }
}
