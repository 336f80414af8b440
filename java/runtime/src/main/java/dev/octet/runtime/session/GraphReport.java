// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.type.Value;
import java.util.List;

/**
 * What became of the CUDA graph for one combination of input shapes.
 *
 * @param inputs the inputs with numbers for their sizes
 * @param nodes the kernels and copies that a run launches as one; 0 if nothing was recorded yet,
 *     because there was one run at most, or can be
 * @param obstacle why calls are made one by one instead; null if nothing is in the way
 */
public record GraphReport(List<Value> inputs, long nodes, String obstacle) {
  public GraphReport {
    inputs = List.copyOf(inputs);
  }
}
