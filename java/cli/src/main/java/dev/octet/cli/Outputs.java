// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Takes what models return apart. */
final class Outputs {
  private Outputs() {}

  /** Returns the tensors in a result, in order. */
  static List<Tensor> tensors(Object result) {
    List<Tensor> tensors = new ArrayList<>();
    collect(result, tensors);
    return tensors;
  }

  private static void collect(Object result, List<Tensor> into) {
    if (result instanceof Tensor tensor) {
      into.add(tensor);
    } else if (result instanceof Iterable<?> items) {
      items.forEach(item -> collect(item, into));
    } else if (result instanceof Map<?, ?> map) {
      collect(map.values(), into);
    }
  }

  /** Closes the tensors in a result. */
  static void close(Object result) {
    tensors(result).forEach(Tensor::close);
  }
}
