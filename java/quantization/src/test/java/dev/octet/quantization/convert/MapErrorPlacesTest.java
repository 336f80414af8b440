// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.octet.quantization.config.QuantizationMap;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Line, column and field of errors in a map's JSON form; and that no map that is right has any. */
class MapErrorPlacesTest {
  private static final QuantizationMapJson JSON = new QuantizationMapJson();
  private static final String ACTS =
      "{'n_bits': 8, 'symmetric': true, 'range_estimator': 'running_minmax'}";
  private static final String WEIGHTS =
      "{'n_bits': 8, 'symmetric': true, 'range_estimator': 'current_minmax'}";

  private static String acts(String activation) {
    return "{\n 'default_qconfig': {\n  'activation_quant': "
        + activation
        + ",\n  'weight_quant': "
        + WEIGHTS
        + "}}";
  }

  private static String module(String quantizedModule) {
    return "{\n 'module_qconfig_map': {\n  'Linear': {'quantized_module': "
        + quantizedModule
        + ",\n   'qconfig': {'activation_quant': "
        + ACTS
        + ", 'weight_quant': "
        + WEIGHTS
        + "}}}}";
  }

  static Stream<Arguments> fields() {
    String field = "default_qconfig.activation_quant";
    String rest = ", 'symmetric': true, 'range_estimator': 'allminmax'}";
    return Stream.of(
        arguments(
            "{\n 'modul_qconfig_map': {}}",
            "2:23",
            "modul_qconfig_map",
            "unknown field, expected one of [append_default_conversions, default_qconfig"),
        arguments(
            acts("{'n_bits': 8,\n'symetric': true, 'range_estimator': 'allminmax'}"),
            "4:13",
            field + ".symetric",
            "unknown field"),
        arguments(
            acts("{'n_bits': '8'" + rest), "3:34", field + ".n_bits", "is '8', expected a whole"),
        arguments(
            acts("{'n_bits': 8.5" + rest), "3:34", field + ".n_bits", "is 8.5, expected a whole"),
        arguments(
            acts("{'n_bits': 12345678901" + rest),
            "3:34",
            field + ".n_bits",
            "is 12345678901, expected a whole number"),
        arguments(
            acts("{'n_bits': 8,\n'symmetric': 1, 'range_estimator': 'allminmax'}"),
            "4:14",
            field + ".symmetric",
            "is 1, expected true or false"),
        arguments(
            acts("{'symmetric': true, 'range_estimator': 'allminmax'}"),
            "3:23",
            field,
            "n_bits is missing"),
        arguments(acts("null"), "3:23", field, "is null, expected an object"),
        arguments(
            acts("{'n_bits': 17" + rest),
            "3:34",
            field + ".n_bits",
            "n_bits is 17, expected at most 16"));
  }

  static Stream<Arguments> estimators() {
    String field = "default_qconfig.activation_quant";
    String running =
        "{'n_bits': 8, 'symmetric': true, 'range_estimator': 'running_minmax',\n"
            + "'range_estimator_params': ";
    return Stream.of(
        arguments(
            acts("{'n_bits': 8, 'symmetric': true,\n 'range_estimator': 'minmax'}"),
            "4:21",
            field + ".range_estimator",
            "range_estimator is 'minmax', expected one of [current_minmax"),
        arguments(
            acts(running + "{'momentum': 1.5}}"),
            "4:27",
            field + ".range_estimator_params",
            "momentum is 1.5, expected 0 to 1"),
        arguments(
            acts(running + "{'percentile': 1.5}}"),
            "4:42",
            field + ".range_estimator_params.percentile",
            "unknown field, expected one of [momentum]"),
        arguments(
            acts(running + "[]}"),
            "4:27",
            field + ".range_estimator_params",
            "is an array, expected an object with the fields [momentum]"));
  }

  static Stream<Arguments> entries() {
    String type = "module_qconfig_map.Linear.quantized_module";
    return Stream.of(
        arguments(module("'QuantLiner'"), "3:34", type, "is 'QuantLiner', expected one of [Quant"),
        arguments(module("7"), "3:34", type, "is 7, expected one of [QuantLinear"),
        arguments(module("null"), "3:34", type, "is null, expected one of [QuantLinear"),
        arguments(
            "{'instance_qconfig_map': {\n 'a': {}}}",
            "2:7",
            "instance_qconfig_map.a",
            "quantized_module is missing"),
        arguments(
            "{\n'instance_qconfig_map': {\n 'a': null}}",
            "3:7",
            "instance_qconfig_map.a",
            "is null, expected an object with the fields [qconfig, quantized_module]"),
        arguments(
            "{\n'input_activation_qconfig_map': {'a': null}}",
            "2:39",
            "input_activation_qconfig_map.a",
            "is null, expected an object"),
        arguments(
            "{'excluded_modules': ['a',\n null]}",
            "2:2",
            "excluded_modules[1]",
            "is null, expected the dotted path of a module"),
        arguments(
            "{'excluded_modules': [3]}",
            "1:23",
            "excluded_modules[0]",
            "is 3, expected the dotted path of a module"));
  }

  static Stream<Arguments> documents() {
    return Stream.of(
        arguments(
            "{'excluded_modules': [],\n'excluded_modules': []}",
            "2:",
            "",
            "Duplicate field 'excluded_modules'"),
        arguments("{}\n{}", "2:1", "", "something follows the end of the document"),
        arguments("{}\n]", "2:", "", "Unexpected close marker"),
        arguments("[]", "1:1", "", "is an array, expected an object"),
        arguments("null", "1:1", "", "is null, expected an object"),
        arguments("{'excluded_modules': [", "1:", "", "end-of-input"),
        arguments("{'excluded_modules': [\n'a' 'b']}", "2:", "", "Unexpected character"),
        arguments("", "1:", "", "is empty, expected an object"));
  }

  @ParameterizedTest
  @MethodSource({"fields", "estimators", "entries", "documents"})
  void errorsSayWhereAndWhat(String json, String place, String field, String words) {
    QuantizationMapException e =
        assertThrows(
            QuantizationMapException.class, () -> JSON.read(json.replace('\'', '"'), "map.json"));
    String message = e.getMessage();
    assertTrue(message.startsWith("map.json:" + place), "expected " + place + ": " + message);
    assertEquals(place.substring(0, place.indexOf(':')), Integer.toString(e.line()), message);
    assertEquals(field, e.field(), message);
    assertTrue(message.contains(field.isEmpty() ? words : field + ": " + words), message);
    assertTrue(message.indexOf('\n') < 0, "one line: " + message);
  }

  @Test
  void channelsNeedNotBeMentioned() throws QuantizationMapException {
    QuantizationMap map = JSON.read(acts(ACTS).replace('\'', '"'), "map");
    assertFalse(map.defaultQConfig().weightQuant().perChannel());
  }

  private static JsonNode goldenIndex() throws IOException {
    JsonMapper mapper = new JsonMapper();
    String folder = System.getProperty("octet.goldens", "");
    if (!folder.isEmpty()) {
      return mapper.readTree(Files.readString(Path.of(folder, "index.json")));
    }
    try (InputStream resource = MapErrorPlacesTest.class.getResourceAsStream("/goldens.zip");
        ZipInputStream zip = new ZipInputStream(resource)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().equals("index.json")) {
          return mapper.readTree(zip.readAllBytes());
        }
      }
    }
    throw new IOException("no index.json among the golden cases");
  }

  @Test
  void readsAndWritesEveryMapOfTheGoldenCases() throws IOException {
    List<String> failed = new ArrayList<>();
    int maps = 0;
    for (JsonNode entry : goldenIndex().get("cases")) {
      JsonNode json = entry.at("/params/map");
      if (json.isMissingNode()) {
        continue;
      }
      maps++;
      QuantizationMap map = JSON.read(json.toString(), entry.get("id").asText());
      if (!map.equals(JSON.read(JSON.write(map), "written"))) {
        failed.add(entry.get("id").asText());
      }
    }
    assertTrue(maps > 0, "no case has a map");
    assertEquals(List.of(), failed);
  }
}
