// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

import java.util.List;

/**
 * Describes one tensor of a file.
 *
 * @param dtype element type
 * @param shape sizes, none for a scalar
 * @param offset bytes from the start of the data section to the first element
 * @param byteLength bytes of all elements
 */
public record TensorInfo(SafetensorsDtype dtype, List<Long> shape, long offset, long byteLength) {
  public TensorInfo {
    shape = List.copyOf(shape);
  }
}
