// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.runtime.type.Dimension;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds what number each symbol is in a run. */
final class InputShapes {
  private record Seen(long size, String input) {}

  private InputShapes() {}

  /**
   * Returns the inputs with numbers for their sizes.
   *
   * @throws IllegalArgumentException if a shape is none that the program takes, or a symbol would
   *     be two numbers
   */
  static List<Value> resolve(List<Value> inputs, List<long[]> shapes) {
    Map<String, Seen> symbols = new HashMap<>();
    List<Value> resolved = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      Value input = inputs.get(i);
      long[] sizes = shapes.get(i);
      requireFits(input, sizes);
      for (int d = 0; d < sizes.length; d++) {
        Dimension declared = input.shape().get(d);
        if (declared.isFixed()) {
          continue;
        }
        Seen before = symbols.putIfAbsent(declared.toString(), new Seen(sizes[d], input.name()));
        if (before != null && before.size() != sizes[d]) {
          throw new IllegalArgumentException(
              "'"
                  + declared
                  + "' is "
                  + before.size()
                  + " in input '"
                  + before.input()
                  + "' and "
                  + sizes[d]
                  + " in input '"
                  + input.name()
                  + "'; expected the same size in both");
        }
      }
      resolved.add(input.withShape(Shape.ofSizes(sizes)));
    }
    return resolved;
  }

  /** Checks a shape against one input alone. */
  static void requireFits(Value input, long[] sizes) {
    boolean fits = sizes.length == input.shape().rank();
    for (int d = 0; fits && d < sizes.length; d++) {
      Dimension declared = input.shape().get(d);
      fits = sizes[d] >= 0 && (!declared.isFixed() || declared.value() == sizes[d]);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "input '"
              + input.name()
              + "' has shape "
              + Arrays.toString(sizes)
              + "; expected "
              + input.shape());
    }
  }
}
