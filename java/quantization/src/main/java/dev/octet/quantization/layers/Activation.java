// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.input;

import dev.octet.quantization.layers.Term.Apply;
import java.util.Arrays;

/**
 * One operator on the input, perhaps in place.
 *
 * @param operator the call
 * @param inPlace whether it changes the input
 */
record Activation(Apply operator, boolean inPlace) {

  static Activation of(Recording recording, String... operators) {
    String[] qualified = Arrays.stream(operators).map(o -> "aten::" + o).toArray(String[]::new);
    Apply call = Match.call(recording.value(1), qualified);
    input(call.argument(0), 0);
    return new Activation(call, call.operator.endsWith("_"));
  }

  double real(int argument, String name) {
    return Match.real(operator.argument(argument), name);
  }
}
