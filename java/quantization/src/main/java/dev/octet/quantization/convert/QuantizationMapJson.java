// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdSerializer;
import dev.octet.quantization.config.ActivationQuantConfig;
import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizationMap;
import dev.octet.quantization.config.QuantizedModuleConfig;
import dev.octet.quantization.config.QuantizedModuleType;
import dev.octet.quantization.module.QuantizedModules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes the JSON form of a {@link QuantizationMap}. Its fields are named as in the
 * reference: {@code default_qconfig}, {@code module_qconfig_map}, {@code instance_qconfig_map},
 * {@code input_activation_qconfig_map}, {@code excluded_modules}, and {@code
 * append_default_conversions}, which when read adds the default conversions.
 *
 * <p>Instances are immutable and safe for use by several threads.
 */
public final class QuantizationMapJson {
  @JsonPropertyOrder({
    "default_qconfig",
    "module_qconfig_map",
    "instance_qconfig_map",
    "input_activation_qconfig_map",
    "excluded_modules"
  })
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  private record MapForm(
      @JsonProperty("default_qconfig") QuantizationConfig defaultQConfig,
      @JsonProperty("module_qconfig_map") Map<String, QuantizedModuleConfig> moduleQConfigMap,
      @JsonProperty("instance_qconfig_map") Map<String, QuantizedModuleConfig> instanceQConfigMap,
      @JsonProperty("input_activation_qconfig_map")
          Map<String, ActivationQuantConfig> inputActivationQConfigMap,
      @JsonProperty("excluded_modules") List<String> excludedModules) {}

  private final QuantizationMapReader reader;
  private final JsonMapper mapper;

  /** Knows Octet's own quantized module types. */
  public QuantizationMapJson() {
    this(List.of());
  }

  /** Knows Octet's own quantized module types and these, by their names. */
  public QuantizationMapJson(Collection<? extends QuantizedModuleType> customTypes) {
    Map<String, QuantizedModuleType> types = new LinkedHashMap<>(QuantizedModules.byName());
    customTypes.forEach(type -> types.put(type.name(), type));
    reader = new QuantizationMapReader(types);
    mapper =
        JsonMapper.builder()
            .addModule(
                new SimpleModule().addSerializer(QuantizedModuleType.class, new TypeWriter()))
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
            .build();
  }

  /**
   * Reads a map from a file.
   *
   * @throws QuantizationMapException if it is not a map's JSON form; the message begins with file,
   *     line and column, and names the field
   * @throws IOException if the file can't be read
   */
  public QuantizationMap read(Path file) throws IOException {
    return read(Files.readString(file), file.toString());
  }

  /**
   * Reads a map from text.
   *
   * @param source what messages call it, a file name for example
   * @throws QuantizationMapException as in {@link #read(Path)}
   */
  public QuantizationMap read(String json, String source) throws QuantizationMapException {
    return reader.map(LocatedJson.parse(json, source));
  }

  /** Writes a map, so that {@link #read(String, String)} gives an equal one. */
  public String write(QuantizationMap map) {
    try {
      return mapper.writeValueAsString(
          new MapForm(
              map.defaultQConfig(),
              map.moduleQConfigMap(),
              map.instanceQConfigMap(),
              map.inputActivationQConfigMap(),
              List.copyOf(map.excludedModules())));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the map can't be written as JSON", e);
    }
  }

  /** Writes a map to a file. */
  public void write(QuantizationMap map, Path file) throws IOException {
    Files.writeString(file, write(map) + "\n");
  }

  private static final class TypeWriter extends StdSerializer<QuantizedModuleType> {
    private static final long serialVersionUID = 1L;

    TypeWriter() {
      super(QuantizedModuleType.class);
    }

    @Override
    public void serialize(
        QuantizedModuleType type, JsonGenerator generator, SerializerProvider provider)
        throws IOException {
      generator.writeString(type.name());
    }
  }
}
