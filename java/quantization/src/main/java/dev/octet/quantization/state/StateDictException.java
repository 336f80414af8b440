// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import java.util.List;

/** Says how a state dict does not fit a model. The model is as it was before. */
public final class StateDictException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient StateReport report;

  StateDictException(String source, StateReport report) {
    super(
        source
            + " does not fit the model"
            + part("missing", report.missing())
            + part("unexpected", report.unexpected())
            + part("of another shape or type", report.mismatched()));
    this.report = report;
  }

  private static String part(String title, List<String> names) {
    return names.isEmpty() ? "" : "; " + title + ": " + String.join(", ", names);
  }

  /** Returns what does not fit; empty lists after serialization. */
  public StateReport report() {
    return report == null ? new StateReport(List.of(), List.of(), List.of()) : report;
  }

  /** Returns the names that the model has and the state dict has not. */
  public List<String> missing() {
    return report().missing();
  }

  /** Returns the names that the state dict has and the model has not. */
  public List<String> unexpected() {
    return report().unexpected();
  }

  /** Returns the names whose tensors have another shape or type, with both of each. */
  public List<String> mismatched() {
    return report().mismatched();
  }
}
