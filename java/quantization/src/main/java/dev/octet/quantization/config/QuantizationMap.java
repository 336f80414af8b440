// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.config;

import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.Module;

/**
 * Says which modules of a model are quantized, and how.
 *
 * <p>For every module, from the root down, the first that applies:
 *
 * <ol>
 *   <li>{@link #excludedModules()} (exact dotted path): the module and all below it stay as they
 *       are;
 *   <li>{@link #instanceQConfigMap()} (exact dotted path);
 *   <li>{@link #moduleQConfigMap()} (exact type);
 *   <li>otherwise the module's children are looked at.
 * </ol>
 *
 * A module that an entry applies to is replaced and not descended into; if the entry's
 * configuration quantizes nothing, it stays. {@link #inputActivationQConfigMap()} then puts a
 * quantizer in front of whatever stands at a path.
 *
 * <p>Instances are immutable and safe for use by several threads.
 */
public final class QuantizationMap {
  private final QuantizationConfig defaultQConfig;
  private final Map<String, QuantizedModuleConfig> moduleQConfigMap;
  private final Map<String, QuantizedModuleConfig> instanceQConfigMap;
  private final Map<String, ActivationQuantConfig> inputActivationQConfigMap;
  private final Set<String> excludedModules;

  private QuantizationMap(Builder builder) {
    defaultQConfig = builder.defaultQConfig;
    moduleQConfigMap = copy(builder.moduleQConfigMap);
    instanceQConfigMap = copy(builder.instanceQConfigMap);
    inputActivationQConfigMap = copy(builder.inputActivationQConfigMap);
    excludedModules = Collections.unmodifiableSet(new LinkedHashSet<>(builder.excludedModules));
  }

  private static <V> Map<String, V> copy(Map<String, V> map) {
    return Collections.unmodifiableMap(new LinkedHashMap<>(map));
  }

  /** Returns a builder without entries, whose default configuration is 8 bits for both. */
  public static Builder builder() {
    return new Builder();
  }

  /** Returns a builder with this map's entries. */
  public Builder toBuilder() {
    Builder builder = new Builder().defaultQConfig(defaultQConfig);
    builder.moduleQConfigMap.putAll(moduleQConfigMap);
    builder.instanceQConfigMap.putAll(instanceQConfigMap);
    builder.inputActivationQConfigMap.putAll(inputActivationQConfigMap);
    builder.excludedModules.addAll(excludedModules);
    return builder;
  }

  /** Returns the configuration that default conversions get. It has no effect by itself. */
  public QuantizationConfig defaultQConfig() {
    return defaultQConfig;
  }

  /**
   * Returns the entries by exact type: {@code Linear} for {@code LinearImpl} and likewise for the
   * presets' other classes, the fully qualified class name (or the simple one) for classes of your
   * own.
   */
  public Map<String, QuantizedModuleConfig> moduleQConfigMap() {
    return moduleQConfigMap;
  }

  /** Returns the entries by exact dotted path; the root's path is the empty string. */
  public Map<String, QuantizedModuleConfig> instanceQConfigMap() {
    return instanceQConfigMap;
  }

  /** Returns the input quantizers by exact dotted path. An entry for the root has no effect. */
  public Map<String, ActivationQuantConfig> inputActivationQConfigMap() {
    return inputActivationQConfigMap;
  }

  /** Returns the dotted paths at which nothing is changed, nor below them. */
  public Set<String> excludedModules() {
    return excludedModules;
  }

  /**
   * Returns the type name under which {@link #moduleQConfigMap()} knows a class: the presets' class
   * name without {@code Impl}, or the fully qualified name of any other class.
   */
  public static String typeName(Class<? extends Module> type) {
    String simple = type.getSimpleName();
    return type.getPackageName().equals(Module.class.getPackageName()) && simple.endsWith("Impl")
        ? simple.substring(0, simple.length() - "Impl".length())
        : type.getName();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof QuantizationMap map
        && defaultQConfig.equals(map.defaultQConfig)
        && moduleQConfigMap.equals(map.moduleQConfigMap)
        && instanceQConfigMap.equals(map.instanceQConfigMap)
        && inputActivationQConfigMap.equals(map.inputActivationQConfigMap)
        && excludedModules.equals(map.excludedModules);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        defaultQConfig,
        moduleQConfigMap,
        instanceQConfigMap,
        inputActivationQConfigMap,
        excludedModules);
  }

  @Override
  public String toString() {
    return "QuantizationMap[types "
        + moduleQConfigMap.keySet()
        + ", instances "
        + instanceQConfigMap.keySet()
        + ", inputs "
        + inputActivationQConfigMap.keySet()
        + ", excluded "
        + excludedModules
        + "]";
  }

  /** Collects the entries of a {@link QuantizationMap}. Not safe for use by several threads. */
  public static final class Builder {
    private QuantizationConfig defaultQConfig = QuantizationConfig.ofBits(8, 8);
    private final Map<String, QuantizedModuleConfig> moduleQConfigMap = new LinkedHashMap<>();
    private final Map<String, QuantizedModuleConfig> instanceQConfigMap = new LinkedHashMap<>();
    private final Map<String, ActivationQuantConfig> inputActivationQConfigMap =
        new LinkedHashMap<>();
    private final Set<String> excludedModules = new LinkedHashSet<>();

    private Builder() {}

    /** Sets the configuration that {@code Conversion.appendDefaultConversions} copies. */
    public Builder defaultQConfig(QuantizationConfig config) {
      this.defaultQConfig = Objects.requireNonNull(config, "config");
      return this;
    }

    /** Quantizes all modules of exactly this class. */
    public Builder module(
        Class<? extends Module> type,
        QuantizedModuleType quantizedModule,
        QuantizationConfig config) {
      return module(typeName(type), new QuantizedModuleConfig(quantizedModule, config));
    }

    /** Quantizes all modules of exactly this type, see {@link #moduleQConfigMap()}. */
    public Builder module(String typeName, QuantizedModuleConfig config) {
      moduleQConfigMap.put(checked("typeName", typeName), checked("config", config));
      return this;
    }

    /** Quantizes the module at this path, whatever the entries by type say. */
    public Builder instance(
        String path, QuantizedModuleType quantizedModule, QuantizationConfig config) {
      return instance(path, new QuantizedModuleConfig(quantizedModule, config));
    }

    /** Quantizes the module at this path, whatever the entries by type say. */
    public Builder instance(String path, QuantizedModuleConfig config) {
      instanceQConfigMap.put(checked("path", path), checked("config", config));
      return this;
    }

    /** Quantizes the input of whatever stands at this path after conversion. */
    public Builder input(String path, ActivationQuantConfig config) {
      inputActivationQConfigMap.put(checked("path", path), checked("config", config));
      return this;
    }

    /** Leaves these modules, and all below them, as they are. */
    public Builder exclude(String... paths) {
      return exclude(List.of(paths));
    }

    /** Leaves these modules, and all below them, as they are. */
    public Builder exclude(Collection<String> paths) {
      for (String path : paths) {
        excludedModules.add(checked("path", path));
      }
      return this;
    }

    public QuantizationMap build() {
      return new QuantizationMap(this);
    }

    private static <T> T checked(String name, T value) {
      return Objects.requireNonNull(value, name);
    }
  }
}
