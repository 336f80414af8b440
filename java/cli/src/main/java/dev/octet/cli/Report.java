// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Objects;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.ColorScheme;
import picocli.CommandLine.Help.Column;
import picocli.CommandLine.Help.TextTable;

/** Formats what commands report. */
public final class Report {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
  private static final int GAP = 2;

  private Report() {}

  /** Returns a value as indented JSON. */
  public static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the report can't be written as JSON", e);
    }
  }

  /** Returns rows, the first of them the headings, in columns as wide as they need to be. */
  public static String table(List<? extends List<String>> rows) {
    int columns = rows.get(0).size();
    Column[] layout = new Column[columns];
    for (int i = 0; i < columns; i++) {
      int column = i;
      int width =
          rows.stream()
              .mapToInt(row -> Objects.toString(row.get(column), "").length())
              .max()
              .orElse(0);
      layout[i] = new Column(width + GAP, 0, Column.Overflow.SPAN);
    }
    TextTable table = TextTable.forColumns(plain(), layout);
    rows.forEach(row -> table.addRowValues(row.toArray(new String[0])));
    return table.toString().stripTrailing();
  }

  private static ColorScheme plain() {
    return new ColorScheme.Builder(Ansi.OFF).build();
  }
}
