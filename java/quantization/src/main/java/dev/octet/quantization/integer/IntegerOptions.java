// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.tree.ModuleCall;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Module;

/**
 * How a model is made to run in integers a module at a time: with which examples the grids of the
 * layers' inputs are found, and what is done where there is none.
 */
public final class IntegerOptions {
  private static final int LEAST_BITS = 2;
  private static final int MOST_BITS = 8;

  private final List<Consumer<? super Module>> examples;
  private final boolean checkInputs;
  private final int dynamicBits;

  private IntegerOptions(Builder builder) {
    examples = List.copyOf(builder.examples);
    checkInputs = builder.checkInputs;
    dynamicBits = builder.dynamicBits;
  }

  /** Starts options without examples. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Returns options with an example.
   *
   * @param arguments as {@link Builder#example}
   */
  public static IntegerOptions ofExample(Object... arguments) {
    return builder().example(arguments).build();
  }

  List<Consumer<? super Module>> examples() {
    return examples;
  }

  boolean checkInputs() {
    return checkInputs;
  }

  /** Returns 0 if rows are not to be quantized as they come. */
  int dynamicBits() {
    return dynamicBits;
  }

  /** Collects options. */
  public static final class Builder {
    private final List<Consumer<? super Module>> examples = new ArrayList<>();
    private boolean checkInputs = true;
    private int dynamicBits;

    private Builder() {}

    /**
     * Adds an example: the simulated model is run on it once, and the quantizer on whose grid each
     * layer's input lies is looked for. A batch of the calibration is a good one; inputs that are
     * all zeros tell nothing.
     *
     * @param arguments what forward takes; tensors stay open
     */
    public Builder example(Object... arguments) {
      Object[] given = arguments.clone();
      if (given.length == 0 || Arrays.stream(given).allMatch(Objects::isNull)) {
        throw new IllegalArgumentException(
            "an example has no arguments, expected those of the model's forward");
      }
      return run(
          model -> {
            Object output = ModuleCall.forward(model, given);
            boolean passedOn = Arrays.stream(given).anyMatch(each -> each == output);
            if (!passedOn && ModuleCall.returnsFresh(model) && output instanceof Pointer pointer) {
              pointer.close();
            }
          });
    }

    /**
     * Adds an example by what runs the model on it.
     *
     * @param forward is called with the model
     */
    public Builder run(Consumer<? super Module> forward) {
      examples.add(Objects.requireNonNull(forward, "forward"));
      return this;
    }

    /**
     * Chooses what a layer does with an input that is not on the grid it was made for. At first it
     * throws. That costs a pass over the input a call; without it, such values are rounded to the
     * grid, cut off at its ends, and NaN becomes zero.
     *
     * @param on whether inputs are checked
     */
    public Builder checkInputs(boolean on) {
      checkInputs = on;
      return this;
    }

    /**
     * Lets linear layers whose input is on no grid run in integers all the same: every row of the
     * input gets a symmetric grid of its own when it comes. That is <em>not</em> what the simulated
     * model computes, which leaves such inputs as they are. A row with a NaN or an infinity gives
     * NaN.
     *
     * @param bits of these grids, 2 to 8
     */
    public Builder dynamicInputs(int bits) {
      if (bits < LEAST_BITS || bits > MOST_BITS) {
        throw new IllegalArgumentException("bits is " + bits + ", expected 2 to 8");
      }
      dynamicBits = bits;
      return this;
    }

    /** Returns the options. */
    public IntegerOptions build() {
      return new IntegerOptions(this);
    }
  }
}
