// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.numbers;

import java.util.List;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.javacpp.LongPointer;

/**
 * What all kinds of pooling have.
 *
 * @param kernel the sizes of a window
 * @param stride the distances of windows
 * @param ceil whether windows may begin inside and end outside
 */
record PoolArguments(List<Long> kernel, List<Long> stride, boolean ceil) {

  /** Read them; an empty stride stands for the kernel. */
  static PoolArguments of(Object kernel, Object stride, Object ceil, int dims) {
    List<Long> sizes = numbers(kernel, dims, "kernel");
    boolean same = stride instanceof List<?> list && list.isEmpty();
    return new PoolArguments(
        sizes, same ? sizes : numbers(stride, dims, "stride"), Match.flag(ceil, "ceil_mode"));
  }

  void put(LongPointer strides, BoolPointer ceilMode) {
    strides.put(Shapes.array(stride));
    ceilMode.put(ceil);
  }
}
