// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.numbers;
import static dev.octet.quantization.layers.Match.real;
import static dev.octet.quantization.layers.Match.text;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;

/**
 * A recorded padding.
 *
 * @param of what is padded
 * @param widths before and after, from the last dimension on
 * @param mode {@code constant}, {@code reflect}, {@code replicate} or {@code circular}
 * @param value of the constant
 */
record Padding(Object of, List<Long> widths, String mode, double value) {

  /** Read the padding of so many dimensions, as any version wrote it. */
  static Padding of(Object padded, int dims) {
    Apply pad =
        call(
            padded,
            "aten::pad",
            "aten::constant_pad_nd",
            "aten::reflection_pad" + dims + "d",
            "aten::replication_pad" + dims + "d");
    List<Long> widths = numbers(pad.argument(1), 2 * dims, "padding");
    return switch (pad.operator) {
      case "aten::pad" ->
          new Padding(
              pad.argument(0), widths, text(pad.argument(2), "mode"), value(pad.argument(3)));
      case "aten::constant_pad_nd" ->
          new Padding(pad.argument(0), widths, "constant", value(pad.argument(2)));
      default ->
          new Padding(
              pad.argument(0),
              widths,
              pad.operator.startsWith("aten::reflection") ? "reflect" : "replicate",
              0);
    };
  }

  private static double value(Object value) {
    return value == null ? 0 : real(value, "padding value");
  }
}
