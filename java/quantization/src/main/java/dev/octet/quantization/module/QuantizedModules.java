// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;

/** The quantized module types that Octet brings along. */
public final class QuantizedModules {
  /** {@link QuantLinear}, for {@code Linear}. */
  public static final QuantizedModuleType LINEAR =
      new LayerType<>("QuantLinear", "Linear", LinearImpl.class, QuantLinear::new);

  /** {@link QuantLayerNorm}, for {@code LayerNorm}. */
  public static final QuantizedModuleType LAYER_NORM =
      new LayerType<>("QuantLayerNorm", "LayerNorm", LayerNormImpl.class, QuantLayerNorm::new);

  /** {@link QuantEmbedding}, for {@code Embedding}. */
  public static final QuantizedModuleType EMBEDDING =
      new LayerType<>("QuantEmbedding", "Embedding", EmbeddingImpl.class, QuantEmbedding::new);

  /** {@link QuantConv2d}, for {@code Conv2d}. */
  public static final QuantizedModuleType CONV2D =
      new LayerType<>("QuantConv2d", "Conv2d", Conv2dImpl.class, QuantConv2d::new);

  /** {@link QuantBatchNorm2d}, for any type that has no quantized type of its own above. */
  public static final QuantizedModuleType BATCH_NORM2D = new OutputWrapperType();

  private static final List<LayerType<?>> LAYERS =
      List.of(
          (LayerType<?>) LINEAR,
          (LayerType<?>) LAYER_NORM,
          (LayerType<?>) EMBEDDING,
          (LayerType<?>) CONV2D);

  private QuantizedModules() {}

  /** Returns the types that default conversions use, by the type name of the original. */
  public static Map<String, QuantizedModuleType> defaultConversions() {
    Map<String, QuantizedModuleType> conversions = new LinkedHashMap<>();
    LAYERS.forEach(layer -> conversions.put(layer.originalName, layer));
    return conversions;
  }

  /** Returns all types, by name. */
  public static Map<String, QuantizedModuleType> byName() {
    Map<String, QuantizedModuleType> types = new LinkedHashMap<>();
    LAYERS.forEach(layer -> types.put(layer.name(), layer));
    types.put(BATCH_NORM2D.name(), BATCH_NORM2D);
    return types;
  }

  /** A type that re-implements exactly one type of layer. */
  private record LayerType<M extends Module>(
      String name,
      String originalName,
      Class<M> originalClass,
      BiFunction<M, QuantizationConfig, Module> constructor)
      implements QuantizedModuleType {
    @Override
    public Module quantize(Module original, QuantizationConfig config, String path) {
      if (original.getClass() != originalClass) {
        throw misfit(this, original, path, "it replaces exactly " + originalName);
      }
      return constructor.apply(originalClass.cast(original), config);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** The wrapper that leaves its module as it is. */
  private record OutputWrapperType() implements QuantizedModuleType {
    @Override
    public String name() {
      return "QuantBatchNorm2d";
    }

    @Override
    public Module quantize(Module original, QuantizationConfig config, String path) {
      for (LayerType<?> layer : LAYERS) {
        if (original.getClass() == layer.originalClass) {
          throw misfit(
              this, original, path, layer.originalName + " is converted by " + layer.name());
        }
      }
      return new QuantBatchNorm2d(original, config);
    }

    @Override
    public String toString() {
      return name();
    }
  }

  private static IllegalArgumentException misfit(
      QuantizedModuleType type, Module original, String path, String why) {
    return new IllegalArgumentException(
        "quantized_module of '"
            + path
            + "' is "
            + type.name()
            + ", which does not fit a "
            + ModuleTypes.typeName(original)
            + ": "
            + why
            + ". Expected one of "
            + byName().values().stream()
                .map(QuantizedModuleType::name)
                .collect(Collectors.joining(", "))
            + " that fits, or a type of your own");
  }
}
