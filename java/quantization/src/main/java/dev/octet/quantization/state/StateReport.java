// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import java.util.List;

/**
 * How a state dict fits a model.
 *
 * @param missing names that the model has and the state dict has not
 * @param unexpected names that the state dict has and the model has not
 * @param mismatched names whose tensors have another shape or type, with both of each
 */
public record StateReport(List<String> missing, List<String> unexpected, List<String> mismatched) {

  /** Creates a report. */
  public StateReport {
    missing = List.copyOf(missing);
    unexpected = List.copyOf(unexpected);
    mismatched = List.copyOf(mismatched);
  }

  /** Tells whether everything fits. */
  public boolean fits() {
    return missing.isEmpty() && unexpected.isEmpty() && mismatched.isEmpty();
  }
}
