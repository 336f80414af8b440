// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.quantization.lower.LoweringReport.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Writes reports as JSON, and reads them. */
final class LoweringReportJson {
  private static final JsonMapper MAPPER = new JsonMapper();

  private LoweringReportJson() {}

  /** Returns a report on one line, or indented. */
  static String write(LoweringReport report, boolean indented) {
    ObjectNode root = MAPPER.createObjectNode();
    root.put("complete", report.isComplete());
    root.put("weight_bytes", report.weightBytes());
    root.put("float_weight_bytes", report.floatWeightBytes());
    ArrayNode operations = root.putArray("operations");
    for (Row row : report.rows()) {
      ObjectNode entry = operations.addObject();
      entry.put("path", row.path());
      entry.put("what", row.what());
      entry.put("kernel", row.kernel());
      entry.put("arithmetic", row.arithmetic().name().toLowerCase(Locale.ROOT));
      entry.put("input", row.input());
      entry.put("weight", row.weight());
      entry.put("output", row.output());
      row.epilogue().forEach(entry.putArray("epilogue")::add);
      row.reasons().forEach(entry.putArray("reasons")::add);
      row.advice().forEach(entry.putArray("advice")::add);
      entry.put("source", row.source());
    }
    report.notes().forEach(root.putArray("notes")::add);
    try {
      return indented
          ? MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(root)
          : MAPPER.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of texts and numbers could not be written", e);
    }
  }

  /**
   * Reads a report.
   *
   * @throws IllegalArgumentException if the text is none; the message says where
   */
  static LoweringReport read(String json) {
    JsonNode root;
    try {
      root = MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the lowering report is no JSON: " + e.getOriginalMessage(), e);
    }
    List<Row> rows = new ArrayList<>();
    for (JsonNode entry : field(root, "operations")) {
      rows.add(
          new Row(
              text(entry, "path"),
              text(entry, "what"),
              text(entry, "kernel"),
              arithmetic(text(entry, "arithmetic")),
              text(entry, "input"),
              text(entry, "weight"),
              text(entry, "output"),
              texts(entry, "epilogue"),
              texts(entry, "reasons"),
              texts(entry, "advice"),
              field(entry, "source").textValue()));
    }
    return new LoweringReport(
        rows,
        texts(root, "notes"),
        field(root, "weight_bytes").asLong(),
        field(root, "float_weight_bytes").asLong());
  }

  private static JsonNode field(JsonNode node, String name) {
    JsonNode field = node.get(name);
    if (field == null) {
      throw new IllegalArgumentException("the lowering report has an entry without '" + name + "'");
    }
    return field;
  }

  private static String text(JsonNode node, String name) {
    return field(node, name).asText();
  }

  private static List<String> texts(JsonNode node, String name) {
    List<String> texts = new ArrayList<>();
    field(node, name).forEach(item -> texts.add(item.asText()));
    return texts;
  }

  private static Arithmetic arithmetic(String name) {
    for (Arithmetic arithmetic : Arithmetic.values()) {
      if (arithmetic.name().toLowerCase(Locale.ROOT).equals(name)) {
        return arithmetic;
      }
    }
    throw new IllegalArgumentException(
        "the lowering report has an arithmetic '" + name + "', which is none");
  }
}
