// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Inputs of several sizes, made of one example by leaving out or repeating parts along dimensions
 * whose size is a symbol.
 *
 * <p>The first run is the example itself. In the others every symbol has another size, and each
 * changes by another amount, so that a number that follows from one of them is not taken for a
 * constant or for another one. Sizes get smaller where the example is large enough: a model may
 * have a largest size.
 */
final class ExampleInputs {
  private static final int RUNS = 4;
  private static final int LEAST = 2;

  private final LoweringOptions options;
  private final List<Map<String, Long>> sizes = new ArrayList<>();

  ExampleInputs(LoweringOptions options) {
    this.options = options;
    Map<String, Long> examples = options.exampleSizes();
    sizes.add(examples);
    for (int run = 1; run < (examples.isEmpty() ? 1 : RUNS); run++) {
      sizes.add(otherSizes(examples, run));
    }
  }

  /** Every symbol's size changes by a number of its own, larger from run to run. */
  private static Map<String, Long> otherSizes(Map<String, Long> examples, int run) {
    int symbols = examples.size();
    int place = 0;
    Map<String, Long> sizes = new LinkedHashMap<>();
    for (Map.Entry<String, Long> example : examples.entrySet()) {
      long size = example.getValue();
      long change = (long) (run - 1) * symbols + (place + run) % symbols + 1;
      boolean shrinks = size - ((long) RUNS * symbols) >= LEAST;
      sizes.put(example.getKey(), shrinks ? size - change : size + change);
      place++;
    }
    return sizes;
  }

  int runs() {
    return sizes.size();
  }

  /** Returns the size that a symbol has in every run. */
  Extent extent(String symbol) {
    return Extent.of(sizes.stream().mapToLong(run -> run.get(symbol)).toArray());
  }

  /** Returns the sizes of a run in words. */
  String describe(int run) {
    return sizes.get(run).toString();
  }

  /**
   * Returns the input of a run, to be closed by the caller.
   *
   * @return null if there is no input of that name
   */
  Tensor tensor(String name, int run) {
    return tensor(name, sizes.get(run));
  }

  /** Returns an input of given sizes of the symbols, to be closed by the caller; null: none. */
  Tensor tensor(String name, Map<String, Long> wanted) {
    LoweringOptions.Input input = options.inputs().get(name);
    if (input == null) {
      return null;
    }
    Tensor tensor = new Tensor(input.example());
    for (int i = 0; i < input.symbols().size(); i++) {
      String symbol = input.symbols().get(i);
      if (symbol != null) {
        Tensor resized = resized(tensor, i, wanted.get(symbol));
        tensor.close();
        tensor = resized;
      }
    }
    return tensor;
  }

  private static Tensor resized(Tensor tensor, int dimension, long size) {
    long present = tensor.size(dimension);
    if (size == present) {
      return new Tensor(tensor);
    }
    long[] repeats = new long[(int) tensor.dim()];
    Arrays.fill(repeats, 1);
    repeats[dimension] = (size + present - 1) / present;
    try (Tensor repeated = tensor.repeat(repeats);
        Tensor narrowed = repeated.narrow(dimension, 0, size)) {
      return narrowed.contiguous();
    }
  }
}
