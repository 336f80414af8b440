// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.lower.LoweringReport;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.state.QuantizationStates;
import dev.octet.quantization.state.QuantizedCopy;
import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.ModuleTree;
import java.util.Objects;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Module;

/**
 * Makes converted and calibrated models run in integers, a module at a time: the model's own
 * forward, its state dict and its tree of modules stay as they are, while quantized layers put
 * their input on a grid, multiply integers, and return floats on the grid of their output
 * quantizer. What they return is what the simulated layer returns, but for values whose float sum
 * lies within rounding of the edge between two steps, which may come out a step apart.
 *
 * <p>A layer multiplies integers if its weight has 2 to 8 bits and if it is known on which grid its
 * input lies. It is known for a layer behind an input quantizer; for others it is found by running
 * examples: some quantizer that ran before must have every value of the input on its grid. Other
 * layers stay simulated, and the report says why and what to change in the QuantizationMap.
 * Normally distributed sums, averages and most activation functions leave a grid; ReLU, max
 * pooling, dropout in eval mode, and everything that moves values keep it.
 *
 * <p>At run time an input that is not on the layer's grid is an error that names the first such
 * value, unless {@link IntegerOptions.Builder#checkInputs} is off. Ranges that are loaded or set
 * later are followed. Weights are packed once: after changing them in place call {@code
 * train(true)} and {@code eval()}, or load them by {@code StateDict.load}; they are packed anew by
 * the next call. Inference only: train mode and inputs that require a gradient are errors.
 *
 * <p>Forward may be called by many threads. Copies of such a model (by {@code ModelCopier}) run in
 * integers, too, and share the packed weights. Tensors are f32 and on the CPU. The float weights
 * stay beside the packed ones, for the state dict.
 */
public final class IntegerModules {
  private IntegerModules() {}

  /**
   * Returns a copy of a converted model that runs in integers; the model stays as it is.
   *
   * @param model converted and calibrated, in eval mode
   * @throws IllegalStateException if a quantized module is in train mode or has no range yet
   * @throws IllegalArgumentException if the model can't be copied; the message says how it can
   */
  public static <M extends Module> IntegerModel<M> convert(M model, IntegerOptions options) {
    checkArguments(model, options);
    Placement.requireReady(model);
    return placed(ModelCopier.copy(model), options);
  }

  /**
   * Returns a copy of a converted model of a Java class of your own that runs in integers; the
   * model stays as it is.
   *
   * @param model converted and calibrated, in eval mode
   * @param factory makes a model that is converted alike, into which parameters, buffers, ranges
   *     and modes are copied
   * @throws IllegalStateException if a quantized module is in train mode or has no range yet
   * @throws IllegalArgumentException if the factory's model has another structure
   */
  public static <M extends Module> IntegerModel<M> convert(
      M model, IntegerOptions options, Supplier<? extends M> factory) {
    checkArguments(model, options);
    Placement.requireReady(model);
    return placed(QuantizedCopy.of(model, factory), options);
  }

  private static <M extends Module> IntegerModel<M> placed(M copy, IntegerOptions options) {
    try {
      return new IntegerModel<>(copy, convertInPlace(copy, options));
    } catch (RuntimeException | Error e) {
      ModuleTree.close(copy);
      throw e;
    }
  }

  /**
   * Makes a converted model run in integers. Layers that do so already are looked at anew.
   *
   * @param model converted and calibrated, in eval mode; unchanged if this throws
   * @return what runs how, and why
   * @throws IllegalStateException if a quantized module is in train mode or has no range yet
   */
  public static LoweringReport convertInPlace(Module model, IntegerOptions options) {
    checkArguments(model, options);
    Placement.requireReady(model);
    return new Placement(model, options).carryOut();
  }

  /** Takes a model back to simulated floats, and frees what its layers had packed. */
  public static void simulate(Module model) {
    for (QuantizedModule module : QuantizationStates.quantizedModules(model)) {
      LayerExecution before = module.quantization().exchangeExecution(null);
      if (before != null) {
        before.close();
      }
    }
  }

  private static void checkArguments(Module model, IntegerOptions options) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(options, "options");
  }
}
