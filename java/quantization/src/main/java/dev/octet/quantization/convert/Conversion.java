// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.module.QuantizedInputModule;
import dev.octet.quantization.module.QuantizedModules;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleTree;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Module;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Converts models by a {@link QuantizationMap}.
 *
 * <p>The modules of a converted model are in train mode where they are new, so that their ranges
 * are estimated until {@code eval()} is called. A submodule that is registered at several paths
 * stays one: what it becomes at the first path stands at the others too, unless the map says
 * otherwise for one of them.
 *
 * <p>Methods may be called from any thread; a model must not be used by another thread meanwhile.
 */
public final class Conversion {
  private static final Logger LOG = LoggerFactory.getLogger(Conversion.class);

  private Conversion() {}

  /**
   * Returns the map with the default configuration for {@code Linear}, {@code LayerNorm}, {@code
   * Embedding} and {@code Conv2d} where it has no entry for the type.
   */
  public static QuantizationMap appendDefaultConversions(QuantizationMap map) {
    QuantizationMap.Builder builder = map.toBuilder();
    QuantizedModules.defaultConversions()
        .forEach(
            (name, type) -> {
              if (!map.moduleQConfigMap().containsKey(name)) {
                builder.module(name, new QuantizedModuleConfig(type, map.defaultQConfig()));
              }
            });
    return builder.build();
  }

  /**
   * Returns a converted copy of a model, which itself stays as it is.
   *
   * @return the copy's root: of the model's class, unless the map replaces the root itself
   * @throws UnknownModuleException if the map names a path that the model does not have
   * @throws IllegalArgumentException if a quantized module type does not fit its module, or if the
   *     model can't be copied; the message says how it can
   */
  public static Module convertToQuantized(Module model, QuantizationMap map) {
    checkPlan(model, map);
    Execution execution = new Execution(ModelCopier.copy(model), map);
    execution.run();
    execution.closeReplacedLayers();
    return execution.root;
  }

  /**
   * Returns a converted copy of a model of a Java class of your own, which itself stays as it is.
   *
   * @param factory makes a model of the same structure, into which parameters and buffers are
   *     copied
   * @throws UnknownModuleException if the map names a path that the model does not have
   * @throws IllegalArgumentException if a quantized module type does not fit its module, or if the
   *     factory's model has another structure
   */
  @SuppressWarnings("unchecked")
  public static <M extends Module> M convertToQuantized(
      M model, QuantizationMap map, Supplier<? extends M> factory) {
    checkPlan(model, map);
    Module converted = quantizeModel(ModelCopier.copy(model, factory), map);
    if (!model.getClass().isInstance(converted)) {
      throw new IllegalArgumentException(
          "the map replaces the root, a "
              + ModuleTypes.typeName(model)
              + ", by a "
              + ModuleTypes.typeName(converted)
              + ": use convertToQuantized(model, map), which returns any module");
    }
    return (M) converted;
  }

  /** Fails before anything is copied. */
  private static void checkPlan(Module model, QuantizationMap map) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(map, "map");
    ConversionPlan.of(model, map).requireValid();
  }

  /**
   * Converts a model in place. Quantized modules that it has already stay, and are switched on.
   *
   * @return the model's root: the argument, unless the map replaces the root itself or it is a
   *     container of the presets, which can't run Java modules
   * @throws UnknownModuleException if the map names a path that the model does not have; the model
   *     is unchanged then
   * @throws IllegalArgumentException if a quantized module type does not fit its module; no module
   *     is quantized then
   * @throws dev.octet.quantization.tree.ModuleReplaceException if a module can't be swapped; the
   *     message names the field and what to do, and no module is quantized
   */
  public static Module quantizeModel(Module model, QuantizationMap map) {
    checkPlan(model, map);
    Execution execution = new Execution(model, map);
    execution.run();
    return execution.root;
  }

  /** Carries a plan out. */
  private static final class Execution {
    private record Shared(long identity, QuantizedModuleConfig config) {}

    private final ModuleTree tree;
    private final ConversionPlan plan;
    private final Map<Shared, Module> quantized = new HashMap<>();
    private final Set<Module> replacedLayers = Collections.newSetFromMap(new IdentityHashMap<>());
    private Module root;

    Execution(Module model, QuantizationMap map) {
      tree = ModuleTree.of(ModuleTree.adopt(model));
      plan = ConversionPlan.of(tree, map);
      root = tree.root();
      if (map.inputActivationQConfigMap().containsKey("")) {
        LOG.warn(
            "the map's input quantizer for the root (path '') has no effect: name the modules that"
                + " take the model's input");
      }
    }

    /** Makes all modules, and checks that all can be put in their places, before it changes any. */
    void run() {
      Map<PlannedModule, Module> modules = new LinkedHashMap<>();
      for (PlannedModule planned : plan.modules()) {
        Module original = planned.node().module();
        Module module = planned.decision().replaces() ? quantized(planned) : original;
        if (planned.input().isPresent()) {
          module = new QuantizedInputModule(module, planned.input().get());
        }
        if (module != original) {
          modules.put(planned, module);
        }
      }
      modules.forEach(this::check);
      modules.forEach(this::put);
      QuantizationStates.enableQuantStates(root);
    }

    private Module quantized(PlannedModule planned) {
      Module original = planned.node().module();
      QuantizedModuleConfig config = planned.config().orElseThrow();
      QuantizedModuleType type = config.quantizedModule();
      Shared key = new Shared(ModuleTypes.identity(original), config);
      Module module = quantized.get(key);
      if (module == null) {
        module = type.quantize(original, config.qconfig(), planned.node().path());
        if (module == null) {
          throw new IllegalArgumentException(
              "quantized_module of '"
                  + planned.node().path()
                  + "' is "
                  + type.name()
                  + ", whose quantize() returned null, expected a module");
        }
        quantized.put(key, module);
        if (QuantizedModules.defaultConversions().containsValue(type)) {
          replacedLayers.add(original);
        }
      }
      return module;
    }

    private void check(PlannedModule planned, Module module) {
      if (planned.node().parent() != null) {
        tree.checkReplace(planned.node().parent(), planned.node().name(), module);
      }
    }

    /**
     * Frees layers whose parameters a layer of ours has taken over, where nobody else knows them.
     * One that is still somewhere in the model, because an entry is for another of its paths,
     * stays.
     */
    void closeReplacedLayers() {
      ModuleTree.of(root).nodes().forEach(node -> replacedLayers.remove(node.module()));
      replacedLayers.forEach(Module::close);
    }

    private void put(PlannedModule planned, Module module) {
      if (planned.node().parent() == null) {
        root = module;
      } else {
        tree.replace(planned.node().parent(), planned.node().name(), module);
      }
    }
  }
}
