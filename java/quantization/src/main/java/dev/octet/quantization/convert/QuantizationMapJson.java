// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
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
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

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
    "append_default_conversions",
    "module_qconfig_map",
    "instance_qconfig_map",
    "input_activation_qconfig_map",
    "excluded_modules"
  })
  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  private record MapForm(
      @JsonProperty("default_qconfig") QuantizationConfig defaultQConfig,
      @JsonProperty("append_default_conversions") Boolean appendDefaultConversions,
      @JsonProperty("module_qconfig_map") Map<String, QuantizedModuleConfig> moduleQConfigMap,
      @JsonProperty("instance_qconfig_map") Map<String, QuantizedModuleConfig> instanceQConfigMap,
      @JsonProperty("input_activation_qconfig_map")
          Map<String, ActivationQuantConfig> inputActivationQConfigMap,
      @JsonProperty("excluded_modules") List<String> excludedModules) {}

  private final JsonMapper mapper;

  /** Knows Octet's own quantized module types. */
  public QuantizationMapJson() {
    this(List.of());
  }

  /** Knows Octet's own quantized module types and these, by their names. */
  public QuantizationMapJson(Collection<? extends QuantizedModuleType> customTypes) {
    Map<String, QuantizedModuleType> types = new LinkedHashMap<>(QuantizedModules.byName());
    customTypes.forEach(type -> types.put(type.name(), type));
    SimpleModule module =
        new SimpleModule()
            .addDeserializer(QuantizedModuleType.class, new TypeReader(types))
            .addSerializer(QuantizedModuleType.class, new TypeWriter());
    mapper =
        JsonMapper.builder()
            .addModule(module)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            // An estimator without parameters has its defaults.
            .disable(DeserializationFeature.FAIL_ON_MISSING_EXTERNAL_TYPE_ID_PROPERTY)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
            .enable(SerializationFeature.INDENT_OUTPUT)
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
    MapForm form;
    try {
      form = mapper.readValue(json, MapForm.class);
    } catch (JsonProcessingException e) {
      throw located(e, json, source);
    }
    if (form == null) {
      throw new QuantizationMapException(source + ": the document is null", -1, "", null);
    }
    QuantizationMap.Builder builder = QuantizationMap.builder();
    if (form.defaultQConfig() != null) {
      builder.defaultQConfig(form.defaultQConfig());
    }
    entries(form.moduleQConfigMap(), "module_qconfig_map", source).forEach(builder::module);
    entries(form.instanceQConfigMap(), "instance_qconfig_map", source).forEach(builder::instance);
    entries(form.inputActivationQConfigMap(), "input_activation_qconfig_map", source)
        .forEach(builder::input);
    if (form.excludedModules() != null) {
      Set<String> paths = new LinkedHashSet<>(form.excludedModules());
      if (paths.contains(null)) {
        throw new QuantizationMapException(
            source + ": excluded_modules: holds null, expected dotted paths",
            -1,
            "excluded_modules",
            null);
      }
      builder.exclude(paths);
    }
    QuantizationMap map = builder.build();
    return Boolean.TRUE.equals(form.appendDefaultConversions())
        ? Conversion.appendDefaultConversions(map)
        : map;
  }

  private static <V> Map<String, V> entries(Map<String, V> entries, String field, String source)
      throws QuantizationMapException {
    if (entries == null) {
      return Map.of();
    }
    for (Map.Entry<String, V> entry : entries.entrySet()) {
      if (entry.getValue() == null) {
        String path = field + "." + entry.getKey();
        throw new QuantizationMapException(
            source + ": " + path + ": is null, expected a configuration", -1, path, null);
      }
    }
    return entries;
  }

  /** Writes a map, so that {@link #read(String, String)} gives an equal one. */
  public String write(QuantizationMap map) {
    try {
      return mapper.writeValueAsString(
          new MapForm(
              map.defaultQConfig(),
              null,
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

  private static QuantizationMapException located(
      JsonProcessingException e, String json, String source) {
    JsonLocation location = e.getLocation();
    String field = "";
    String words = e.getOriginalMessage();
    if (e instanceof JsonMappingException mapping) {
      List<String> path =
          mapping.getPath().stream()
              .map(r -> r.getFieldName() != null ? r.getFieldName() : "[" + r.getIndex() + "]")
              .toList();
      field = String.join(".", path);
      JsonLocation exact = FieldLocator.find(json, path);
      location = exact == null ? location : exact;
      Throwable cause = mapping.getCause();
      if (cause instanceof IllegalArgumentException || cause instanceof NullPointerException) {
        words = cause.getMessage();
      }
    }
    if (e instanceof UnrecognizedPropertyException unknown) {
      words = "unknown field, expected one of " + knownFields(unknown);
    }
    int line = location == null ? -1 : location.getLineNr();
    String place = line < 0 ? "" : ":" + line + ":" + location.getColumnNr();
    return new QuantizationMapException(
        source + place + ": " + (field.isEmpty() ? "" : field + ": ") + words, line, field, e);
  }

  /** What Jackson knows, with the field that it reads through another one. */
  private static Set<String> knownFields(UnrecognizedPropertyException unknown) {
    Set<String> fields = new TreeSet<>();
    unknown.getKnownPropertyIds().forEach(id -> fields.add(String.valueOf(id)));
    if (fields.contains("range_estimator")) {
      fields.add("range_estimator_params");
    }
    return fields;
  }

  private static final class TypeReader extends StdDeserializer<QuantizedModuleType> {
    private static final long serialVersionUID = 1L;

    private final transient Map<String, QuantizedModuleType> types;

    TypeReader(Map<String, QuantizedModuleType> types) {
      super(QuantizedModuleType.class);
      this.types = types;
    }

    @Override
    public QuantizedModuleType deserialize(JsonParser parser, DeserializationContext context)
        throws IOException {
      String name = parser.getValueAsString();
      QuantizedModuleType type = types.get(name);
      if (type == null) {
        throw JsonMappingException.from(
            parser,
            "is '"
                + name
                + "', expected one of "
                + Arrays.toString(types.keySet().toArray())
                + " (a type of your own must be given to the reader)");
      }
      return type;
    }
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
