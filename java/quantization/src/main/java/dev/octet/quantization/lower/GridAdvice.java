// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Set;

/** Finds what one would quantize for a value to be on a grid. */
final class GridAdvice {
  private static final Set<String> KEEP_GRIDS =
      Set.of("reshape", "transpose", "slice", "expand", "max_pool2d", "pad", "cast");
  private static final Set<String> LAYERS =
      Set.of("linear", "linear_float", "conv2d", "conv2d_float", "layer_norm");

  private GridAdvice() {}

  /** Returns the path of the module whose activations would put a value on a grid; null: none. */
  static String quantizableBefore(Draft draft, DraftValue value) {
    DraftValue at = value;
    for (int i = draft.operations().size() - 1; i >= 0; i--) {
      DraftOperation operation = draft.operations().get(i);
      if (operation.out() != at) {
        continue;
      }
      boolean relu = operation.is("unary") && "relu".equals(operation.attribute("function"));
      if (KEEP_GRIDS.contains(operation.kind()) || relu) {
        at = operation.input("x");
      } else {
        boolean isModule = operation.origin().isModule();
        return LAYERS.contains(operation.kind()) && isModule ? operation.origin().path() : null;
      }
    }
    return null;
  }
}
