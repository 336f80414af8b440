// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.convert;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Says that a map names paths that the model does not have, and which come nearest. */
public final class UnknownModuleException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final transient Map<String, List<String>> nearest;

  UnknownModuleException(Map<String, List<String>> nearest) {
    super(
        nearest.entrySet().stream()
            .map(
                entry ->
                    "the map names '"
                        + entry.getKey()
                        + "', but the model has no module of that path; nearest: "
                        + entry.getValue())
            .collect(Collectors.joining("; ")));
    this.nearest = Map.copyOf(nearest);
  }

  /** Returns the unknown paths, each with the model's paths that come nearest. */
  public Map<String, List<String>> nearest() {
    return nearest == null ? Map.of() : nearest;
  }
}
