// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.List;

/**
 * What runs how in a lowered model, and why.
 *
 * @param rows an entry for every operation, in the order in which they run
 * @param notes what holds for the model as a whole
 * @param weightBytes bytes of the weights and other constants as the program keeps them
 * @param floatWeightBytes bytes that they would take in 32-bit floats
 */
public record LoweringReport(
    List<Row> rows, List<String> notes, long weightBytes, long floatWeightBytes) {

  /** The key under which a lowered program's metadata have its report, as JSON. */
  public static final String METADATA_KEY = "lowering_report";

  /** How an operation computes. */
  public enum Arithmetic {
    /** Products and sums of integers. */
    INTEGER,
    /** Codes are read or written, or both; what is between is 32-bit floats. */
    MIXED,
    /** Floats throughout. */
    FLOAT,
    /** Codes or numbers are moved only. */
    MOVE,
    /** Whole numbers, such as ids and positions, exactly. */
    WHOLE,
    /** There is no such operation: the model can't be lowered as it is. */
    UNSUPPORTED
  }

  /**
   * An operation.
   *
   * @param path of the module, or the name of the node of an operator
   * @param what the type of the module, or the operator
   * @param kernel the kind of operation in the program
   * @param arithmetic how it computes
   * @param input type and bits of its input
   * @param weight type, bits and scales of its weight; empty if it has none
   * @param output type and bits of its output
   * @param epilogue what is done in the same pass, in order
   * @param reasons why it does not compute in integers
   * @param advice what to change for that, in the QuantizationMap as a rule
   * @param source where the model's program has it; null if not known
   */
  public record Row(
      String path,
      String what,
      String kernel,
      Arithmetic arithmetic,
      String input,
      String weight,
      String output,
      List<String> epilogue,
      List<String> reasons,
      List<String> advice,
      String source) {

    /** Makes an entry. */
    public Row {
      epilogue = List.copyOf(epilogue);
      reasons = List.copyOf(reasons);
      advice = List.copyOf(advice);
    }
  }

  /** Makes a report. */
  public LoweringReport {
    rows = List.copyOf(rows);
    notes = List.copyOf(notes);
  }

  /** Returns the entries of a module or node. */
  public List<Row> rows(String path) {
    return rows.stream().filter(row -> row.path().equals(path)).toList();
  }

  /** Returns the entries that compute in a way. */
  public List<Row> rows(Arithmetic arithmetic) {
    return rows.stream().filter(row -> row.arithmetic() == arithmetic).toList();
  }

  /** Tells whether there is an operation for everything. */
  public boolean isComplete() {
    return rows(Arithmetic.UNSUPPORTED).isEmpty();
  }

  /** Returns the report as a JSON document. */
  public String toJson() {
    return LoweringReportJson.write(this, true);
  }

  /**
   * Reads what {@link #toJson} wrote, or what {@link Lowering#toProgram} left in the metadata of a
   * program under {@link #METADATA_KEY}.
   *
   * @throws IllegalArgumentException if the text is no report; the message says where
   */
  public static LoweringReport fromJson(String json) {
    return LoweringReportJson.read(json);
  }

  /** Returns the report as a table, with reasons and advice below their lines. */
  @Override
  public String toString() {
    List<String[]> table = new ArrayList<>();
    table.add(new String[] {"module or node", "what", "kernel", "input", "weight", "output"});
    for (Row row : rows) {
      String kernel =
          row.epilogue().isEmpty()
              ? row.kernel()
              : row.kernel() + " + " + String.join(" + ", row.epilogue());
      table.add(
          new String[] {row.path(), row.what(), kernel, row.input(), row.weight(), row.output()});
    }
    int[] widths = new int[table.get(0).length];
    table.forEach(
        line -> {
          for (int i = 0; i < line.length; i++) {
            widths[i] = Math.max(widths[i], line[i].length());
          }
        });
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < table.size(); i++) {
      line(text, table.get(i), widths);
      if (i > 0) {
        Row row = rows.get(i - 1);
        row.reasons().forEach(reason -> text.append("    ").append(reason).append('\n'));
        row.advice().forEach(advice -> text.append("    -> ").append(advice).append('\n'));
      }
    }
    text.append("weights: ").append(weightBytes).append(" bytes, ").append(floatWeightBytes);
    text.append(" in floats\n");
    notes.forEach(note -> text.append(note).append('\n'));
    return text.toString();
  }

  private static void line(StringBuilder text, String[] cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      line.append(cells[i]).append(" ".repeat(widths[i] - cells[i].length() + 2));
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }
}
