// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import java.util.List;

/** Says how a state dict does not fit a model. The model is as it was before. */
public final class StateDictException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> missing;
  private final transient List<String> unexpected;
  private final transient List<String> mismatched;

  StateDictException(
      String source, List<String> missing, List<String> unexpected, List<String> mismatched) {
    super(
        source
            + " does not fit the model"
            + part("missing", missing)
            + part("unexpected", unexpected)
            + part("of another shape or type", mismatched));
    this.missing = List.copyOf(missing);
    this.unexpected = List.copyOf(unexpected);
    this.mismatched = List.copyOf(mismatched);
  }

  private static String part(String title, List<String> names) {
    return names.isEmpty() ? "" : "; " + title + ": " + String.join(", ", names);
  }

  /** Returns the names that the model has and the state dict has not. */
  public List<String> missing() {
    return missing == null ? List.of() : missing;
  }

  /** Returns the names that the state dict has and the model has not. */
  public List<String> unexpected() {
    return unexpected == null ? List.of() : unexpected;
  }

  /** Returns the names whose tensors have another shape or type, with both of each. */
  public List<String> mismatched() {
    return mismatched == null ? List.of() : mismatched;
  }
}
