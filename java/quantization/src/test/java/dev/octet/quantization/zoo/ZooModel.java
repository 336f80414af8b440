// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.zoo;

import dev.octet.quantization.graph.GraphModule;
import dev.octet.quantization.lower.LoweringOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** An architecture, what it takes, and the sizes to try it with. */
final class ZooModel {
  /** An input; dimensions are sizes, or symbols whose size differs from run to run. */
  private record Input(String name, Function<long[], Tensor> make, List<Object> dimensions) {}

  private final String name;
  private final Supplier<GraphModule> build;
  private final List<Input> inputs = new ArrayList<>();
  private final Map<String, Long> example = new LinkedHashMap<>();
  private final List<Map<String, Long>> runs = new ArrayList<>();

  private ZooModel(String name, Supplier<GraphModule> build) {
    this.name = name;
    this.build = build;
  }

  static ZooModel of(String name, Supplier<GraphModule> build) {
    return new ZooModel(name, build);
  }

  /** Adds an input of normally distributed numbers. */
  ZooModel floats(String input, Object... dimensions) {
    return input(input, torch::randn, dimensions);
  }

  /** Adds an input of indices below a bound. */
  ZooModel ids(long bound, String input, Object... dimensions) {
    return input(input, shape -> torch.randint(bound, shape), dimensions);
  }

  ZooModel input(String input, Function<long[], Tensor> make, Object... dimensions) {
    inputs.add(new Input(input, make, List.of(dimensions)));
    return this;
  }

  /** Says the sizes of calibration. */
  ZooModel example(Object... pairs) {
    example.putAll(Net.sizes(pairs));
    return this;
  }

  /** Adds sizes to run with. */
  ZooModel run(Object... pairs) {
    runs.add(Net.sizes(pairs));
    return this;
  }

  String name() {
    return name;
  }

  GraphModule build() {
    return build.get();
  }

  List<Map<String, Long>> runs() {
    return runs;
  }

  Map<String, Long> exampleSizes() {
    return example;
  }

  /** Returns random inputs of given sizes, in the order of forward. */
  Map<String, Tensor> inputs(Map<String, Long> sizes) {
    Map<String, Tensor> made = new LinkedHashMap<>();
    for (Input input : inputs) {
      long[] shape =
          input.dimensions().stream()
              .mapToLong(
                  size -> size instanceof String s ? sizes.get(s) : ((Number) size).longValue())
              .toArray();
      made.put(input.name(), input.make().apply(shape));
    }
    return made;
  }

  LoweringOptions options(Map<String, Tensor> examples) {
    LoweringOptions.Builder options = LoweringOptions.builder();
    for (Input input : inputs) {
      String[] symbols =
          input.dimensions().stream()
              .map(size -> size instanceof String symbol ? symbol : null)
              .toArray(String[]::new);
      options.input(input.name(), examples.get(input.name()), symbols);
    }
    return options.build();
  }

  @Override
  public String toString() {
    return name + " " + Arrays.asList(inputs.toArray());
  }
}
