// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.octet.runtime.session.OperationTiming;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.math3.stat.StatUtils;

/** Times of the operations of a program, as medians over runs. */
final class RunProfile {
  private RunProfile() {}

  /**
   * One operation.
   *
   * @param operation its name
   * @param kernel its kind
   * @param microseconds of its native call
   * @param share of all operations, 0 to 1
   * @param bytes of its inputs and outputs
   */
  record Row(
      String operation,
      String kernel,
      @JsonProperty("us") double microseconds,
      double share,
      long bytes) {}

  /** Profiles as many runs as were measured. */
  static List<Row> of(Session session, Map<String, TensorData> inputs, int runs) {
    List<List<OperationTiming>> timings = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      timings.add(session.profile(inputs));
    }
    int operations = timings.get(0).size();
    double[] medians = new double[operations];
    for (int i = 0; i < operations; i++) {
      int index = i;
      medians[i] =
          StatUtils.percentile(
              timings.stream().mapToDouble(run -> run.get(index).nanoseconds()).toArray(), 50);
    }
    double sum = Math.max(1, StatUtils.sum(medians));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < operations; i++) {
      OperationTiming timing = timings.get(0).get(i);
      rows.add(
          new Row(
              timing.operation(),
              timing.kind(),
              medians[i] / 1e3,
              medians[i] / sum,
              timing.bytes()));
    }
    return rows;
  }

  /** Returns rows as a table. */
  static String text(List<Row> rows) {
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.of("operation", "kernel", "us", "share", "GB/s"));
    for (Row row : rows) {
      cells.add(
          List.of(
              row.operation(),
              row.kernel(),
              String.format(Locale.ROOT, "%.1f", row.microseconds()),
              String.format(Locale.ROOT, "%.1f %%", 100 * row.share()),
              String.format(
                  Locale.ROOT, "%.2f", row.bytes() / 1e3 / Math.max(row.microseconds(), 1e-3))));
    }
    return Report.table(cells);
  }
}
