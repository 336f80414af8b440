// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;

/**
 * What lowering has to know beside the model: an example of each input, and which of their sizes
 * differ from run to run.
 *
 * <pre>{@code
 * LoweringOptions.builder()
 *     .input("ids", ids, "batch", "tokens")
 *     .input("mask", mask, "batch", "tokens")
 *     .build();
 * }</pre>
 */
public final class LoweringOptions {
  /** The greatest size for which tensors are kept that a model makes of sizes alone. */
  public static final long DEFAULT_MAXIMUM = 2048;

  private static final Pattern SYMBOL = Pattern.compile("[A-Za-z_][A-Za-z0-9_]{0,63}");

  /**
   * An input.
   *
   * @param name of the argument of the graph's forward
   * @param example a tensor that the model takes; borrowed
   * @param symbols for every dimension the name of its size, or null where the size is always that
   *     of the example; equal names are equal sizes
   */
  record Input(String name, Tensor example, List<String> symbols) {}

  private final Map<String, Input> inputs;
  private final List<String> outputs;
  private final Map<String, String> metadata;
  private final Map<String, Long> maxima;
  private final boolean integerAttention;
  private final boolean dynamicActivations;

  private LoweringOptions(Builder builder) {
    integerAttention = builder.integerAttention;
    dynamicActivations = builder.dynamicActivations;
    maxima = Map.copyOf(builder.maxima);
    inputs = Collections.unmodifiableMap(new LinkedHashMap<>(builder.inputs));
    outputs = List.copyOf(builder.outputs);
    metadata = Collections.unmodifiableMap(new LinkedHashMap<>(builder.metadata));
  }

  /** Starts options without inputs. */
  public static Builder builder() {
    return new Builder();
  }

  Map<String, Input> inputs() {
    return inputs;
  }

  List<String> outputs() {
    return outputs;
  }

  /** Returns the greatest size of a symbol. */
  long maximum(String symbol) {
    return maxima.getOrDefault(symbol, DEFAULT_MAXIMUM);
  }

  boolean hasMaximum(String symbol) {
    return maxima.containsKey(symbol);
  }

  boolean integerAttention() {
    return integerAttention;
  }

  boolean dynamicActivations() {
    return dynamicActivations;
  }

  Map<String, String> metadata() {
    return metadata;
  }

  /** Returns the size that each symbol has in the examples. */
  Map<String, Long> exampleSizes() {
    Map<String, Long> sizes = new LinkedHashMap<>();
    Map<String, String> places = new LinkedHashMap<>();
    for (Input input : inputs.values()) {
      for (int i = 0; i < input.symbols().size(); i++) {
        String symbol = input.symbols().get(i);
        if (symbol == null) {
          continue;
        }
        long size = input.example().size(i);
        Long other = sizes.putIfAbsent(symbol, size);
        if (other != null && other != size) {
          throw new IllegalArgumentException(
              "dimension "
                  + i
                  + " of the example of input '"
                  + input.name()
                  + "' is "
                  + size
                  + ", but '"
                  + symbol
                  + "' is "
                  + other
                  + " in input '"
                  + places.get(symbol)
                  + "'; give examples that fit each other, or another symbol");
        }
        places.putIfAbsent(symbol, input.name());
      }
    }
    return sizes;
  }

  private static void checkMaximum(String symbol, long size, Long example) {
    if (example == null) {
      throw new IllegalArgumentException(
          "maximum names '" + symbol + "', which is the symbol of no input's size");
    }
    if (size < example) {
      throw new IllegalArgumentException(
          "maximum of '"
              + symbol
              + "' is "
              + size
              + "; expected at least "
              + example
              + ", as the examples have");
    }
  }

  /** Collects options. */
  public static final class Builder {
    private final Map<String, Long> maxima = new LinkedHashMap<>();
    private final Map<String, Input> inputs = new LinkedHashMap<>();
    private final List<String> outputs = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private boolean integerAttention;
    private boolean dynamicActivations;

    private Builder() {}

    /**
     * Adds an input.
     *
     * @param name of the argument of the graph's forward
     * @param example a tensor that the model takes, such as one of calibration; it must stay open
     *     until the model is lowered
     * @param symbols for every dimension the name of its size, or null where the size is always
     *     that of the example; none: all sizes are always those of the example. Equal names are
     *     equal sizes
     * @throws IllegalArgumentException if the symbols don't fit the example
     */
    public Builder input(String name, Tensor example, String... symbols) {
      Objects.requireNonNull(name, "name is null, expected that of an argument of forward");
      Objects.requireNonNull(example, () -> "the example of input '" + name + "' is null");
      int rank = (int) example.dim();
      List<String> names =
          symbols.length == 0 ? Collections.nCopies(rank, null) : Arrays.asList(symbols.clone());
      if (names.size() != rank) {
        throw new IllegalArgumentException(
            "input '"
                + name
                + "' has "
                + names.size()
                + " symbols "
                + names
                + ", but its example "
                + rank
                + " dimensions; give one for each, null for a size that does not change");
      }
      for (int i = 0; i < rank; i++) {
        String symbol = names.get(i);
        if (symbol != null && !SYMBOL.matcher(symbol).matches()) {
          throw new IllegalArgumentException(
              "symbol '"
                  + symbol
                  + "' of input '"
                  + name
                  + "' is no name of a size; expected letters, digits and underscores, at most 64,"
                  + " not beginning with a digit");
        }
        if (symbol != null && example.size(i) == 0) {
          throw new IllegalArgumentException(
              "dimension "
                  + i
                  + " of the example of input '"
                  + name
                  + "' is 0; expected at least one element, of which others are made");
        }
      }
      if (inputs.putIfAbsent(name, new Input(name, example, names)) != null) {
        throw new IllegalArgumentException("input '" + name + "' is given twice");
      }
      return this;
    }

    /** Names the outputs, in order; by default "output", or "output0" and so on. */
    public Builder outputs(String... names) {
      outputs.clear();
      outputs.addAll(List.of(names));
      return this;
    }

    /**
     * Says how large a size that differs from run to run can get. It matters for tensors that a
     * model makes of sizes alone, such as positions and masks: a program keeps them for the
     * greatest size, and refuses larger inputs where it needs them. By default that is {@value
     * #DEFAULT_MAXIMUM}, or less if the model can take no more or a tensor would take more than 16
     * MiB; notes of the report say which tensors those are.
     *
     * @param symbol one that an input is given with
     * @param size at least that of the examples
     */
    public Builder maximum(String symbol, long size) {
      maxima.put(Objects.requireNonNull(symbol, "symbol"), size);
      return this;
    }

    /**
     * Lets attention whose queries, keys and values are on grids run in integers throughout.
     *
     * <p>Its probabilities are then rounded to multiples of 1 / 255, which the simulated model does
     * not do: outputs may differ by more than a step. By default they stay floats.
     */
    public Builder integerAttention() {
      integerAttention = true;
      return this;
    }

    /**
     * Lets linear layers whose weights are on a grid, but whose inputs are floats, run in integers:
     * every row of the input is rounded to 8 bits on a symmetric grid of its own, taken from the
     * row's values while the program runs.
     *
     * <p>The simulated model does not do that: outputs may differ by more than a step. By default
     * such layers multiply floats by the weights' values, which stay integers in memory.
     */
    public Builder dynamicActivations() {
      dynamicActivations = true;
      return this;
    }

    /**
     * Adds free text to the program, such as the name of the model.
     *
     * @throws IllegalArgumentException for {@link LoweringReport#METADATA_KEY}, where the report is
     */
    public Builder metadata(String key, String text) {
      if (key.equals(LoweringReport.METADATA_KEY)) {
        throw new IllegalArgumentException(
            "metadata key '" + key + "' is kept for the lowering report; choose another");
      }
      metadata.put(key, Objects.requireNonNull(text, "text"));
      return this;
    }

    /** Returns the options. */
    public LoweringOptions build() {
      LoweringOptions options = new LoweringOptions(this);
      Map<String, Long> examples = options.exampleSizes();
      maxima.forEach((symbol, size) -> checkMaximum(symbol, size, examples.get(symbol)));
      return options;
    }
  }
}
