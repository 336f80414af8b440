// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.type.Value;
import java.util.List;

/**
 * The memory plan for one combination of input shapes.
 *
 * @param inputs the inputs with numbers for their sizes
 * @param outputs the outputs likewise
 * @param arenaBytes native memory for the values of one run at a time
 * @param sumBytes what the values would take without sharing memory
 */
public record PlanReport(List<Value> inputs, List<Value> outputs, long arenaBytes, long sumBytes) {
  public PlanReport {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }
}
