// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.Map;

/** Borders of all modes; they keep grids. */
final class PaddingRules {
  private PaddingRules() {}

  /** Registers the operators. */
  static void register(Map<String, Rule> rules) {
    rules.put(
        "aten::pad",
        call ->
            pad(
                call,
                call.integers(1, 1),
                call.isNone(2) ? "constant" : call.text(2),
                call.number(3, 0)));
    rules.put(
        "aten::constant_pad_nd",
        call -> pad(call, call.integers(1, 1), "constant", call.number(2, 0)));
    for (int dims = 1; dims <= 3; dims++) {
      rules.put(
          "aten::reflection_pad" + dims + "d",
          call -> pad(call, call.integers(1, 1), "reflect", 0));
      rules.put(
          "aten::replication_pad" + dims + "d",
          call -> pad(call, call.integers(1, 1), "replicate", 0));
    }
  }

  /**
   * Lowers the border of a call's first argument.
   *
   * @param widths before and after each dimension, from the last one on, as torch has them
   */
  static DraftValue pad(Call call, long[] widths, String mode, double value) {
    return pad(call, call.value(0), widths, mode, value, call.name(), call.sizes());
  }

  static DraftValue pad(
      Call call, DraftValue x, long[] widths, String mode, double value, String name, Sizes sizes) {
    int rank = x.sizes().rank();
    long[] before = new long[rank];
    long[] after = new long[rank];
    for (int i = 0; i < widths.length; i++) {
      if (widths[i] < 0) {
        throw new UnsupportedOperator(
            "it pads by " + widths[i] + ", which cuts off elements; programs have slices for that");
      }
      (i % 2 == 0 ? before : after)[rank - 1 - i / 2] = widths[i];
    }
    boolean constant = mode.equals("constant");
    // Codes can hold any border that is made of themselves, and zeros.
    DraftValue padded = constant && value != 0 && x.isOnGrid() ? call.floats(x) : x;
    DraftOperation operation =
        call.operation("pad").input("x", padded).set("before", before).set("after", after);
    if (constant) {
      operation.set("value", value);
    } else {
      operation.set("mode", mode);
    }
    return call.finish(operation, name, padded.type(), padded.grid(), sizes);
  }
}
