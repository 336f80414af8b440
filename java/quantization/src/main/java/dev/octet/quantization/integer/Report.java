// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.lower.LoweringReport;
import java.util.ArrayList;
import java.util.List;

/** Collects the report of a model. */
final class Report {
  private final List<LoweringReport.Row> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private long weightBytes;
  private long floatBytes;

  /** Adds a module; null for one that only holds others. */
  void add(ModulePlace place, LayerPlan plan) {
    if (plan == null) {
      return;
    }
    rows.add(plan.row(place));
    notes.addAll(plan.notes());
    weightBytes += plan.weightBytes();
    floatBytes += plan.floatBytes();
  }

  LoweringReport build(IntegerOptions options) {
    notes.add(
        "Between the modules, floats flow, and what the model's own forward computes is computed"
            + " in floats. The float weights stay, for the state dict.");
    if (!options.checkInputs()) {
      notes.add("Inputs are not checked: values that are on no grid are rounded to one.");
    }
    return new LoweringReport(rows, notes, weightBytes, floatBytes);
  }
}
