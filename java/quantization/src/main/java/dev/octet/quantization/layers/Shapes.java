// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.Tensor;

/** Turns lists of numbers into those of the presets, which the caller closes. */
final class Shapes {

  private Shapes() {}

  static List<Long> of(Tensor tensor) {
    return Arrays.stream(tensor.shape()).boxed().toList();
  }

  static LongPointer pointer(List<Long> numbers) {
    return new LongPointer(array(numbers));
  }

  static LongVector vector(List<Long> numbers) {
    return new LongVector(array(numbers));
  }

  static long[] array(List<Long> numbers) {
    return numbers.stream().mapToLong(Long::longValue).toArray();
  }
}
