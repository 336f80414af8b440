// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.graph;

import org.bytedeco.pytorch.Tensor;

/**
 * A tensor that a graph keeps.
 *
 * @param tensor its value
 * @param kind how it is registered
 */
public record GraphAttribute(Tensor tensor, Kind kind) {

  /** How a tensor is registered. */
  public enum Kind {
    /** As a parameter. */
    PARAMETER,
    /** As a buffer. */
    BUFFER,
    /** Not at all. */
    CONSTANT
  }
}
