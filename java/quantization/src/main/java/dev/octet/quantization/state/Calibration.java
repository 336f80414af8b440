// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import dev.octet.quantization.module.QuantizedModule;
import dev.octet.quantization.tree.ModuleCall;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Estimates the ranges of a converted model from data.
 *
 * <p>The model is put in eval mode, batches are run through it without gradients while all ranges
 * are estimated, and the ranges are then fixed; the model stays in eval mode. If a batch fails,
 * mode and range states are put back to what they were.
 */
public final class Calibration {
  /** How many batches are used if nothing else is said. */
  public static final int DEFAULT_MAX_NUM_BATCHES = 20;

  private Calibration() {}

  /**
   * Calibrates with batches that are the model's one input.
   *
   * @param batches tensors that the model takes; they stay open
   * @return the number of batches used
   * @throws IllegalArgumentException if there is no batch, or one without elements
   */
  public static int calibrateQuantizationRanges(Module model, Iterable<Tensor> batches) {
    return calibrateQuantizationRanges(
        model, batches, DEFAULT_MAX_NUM_BATCHES, CalibrationProgress.NONE);
  }

  /**
   * Calibrates with batches that are the model's one input.
   *
   * @param batches tensors that the model takes; they stay open
   * @param maxNumBatches at most so many are used, and not one more is asked for; at least 1
   * @param progress is told of every batch
   * @return the number of batches used
   * @throws IllegalArgumentException if there is no batch, or one without elements, or {@code
   *     maxNumBatches < 1}
   */
  public static int calibrateQuantizationRanges(
      Module model, Iterable<Tensor> batches, int maxNumBatches, CalibrationProgress progress) {
    return calibrateQuantizationRanges(
        model, batches, batch -> runOne(model, batch), maxNumBatches, progress);
  }

  /**
   * Calibrates with batches of any kind.
   *
   * @param batches what {@code forward} takes
   * @param forward runs the model on a batch, with as many inputs as it has
   * @param maxNumBatches at most so many are used, and not one more is asked for; at least 1
   * @param progress is told of every batch
   * @return the number of batches used
   * @throws IllegalArgumentException if there is no batch, or {@code maxNumBatches < 1}
   */
  public static <T> int calibrateQuantizationRanges(
      Module model,
      Iterable<? extends T> batches,
      Consumer<? super T> forward,
      int maxNumBatches,
      CalibrationProgress progress) {
    Objects.requireNonNull(model, "model");
    Objects.requireNonNull(batches, "batches");
    Objects.requireNonNull(forward, "forward");
    Objects.requireNonNull(progress, "progress");
    if (maxNumBatches < 1) {
      throw new IllegalArgumentException(
          "maxNumBatches is " + maxNumBatches + ", expected at least 1");
    }
    Iterator<? extends T> iterator = batches.iterator();
    if (!iterator.hasNext()) {
      throw new IllegalArgumentException(
          "batches is empty: ranges are estimated from data, give at least one batch");
    }
    boolean training = model.is_training();
    Map<QuantizationManager, RangeState> states = states(model);
    try (NoGradGuard guard = new NoGradGuard()) {
      model.eval();
      QuantizationStates.estimateRanges(model);
      int done = 0;
      while (done < maxNumBatches && iterator.hasNext()) {
        forward.accept(iterator.next());
        done++;
        progress.batchDone(done, maxNumBatches);
      }
      QuantizationStates.fixRanges(model);
      return done;
    } catch (RuntimeException | Error e) {
      states.forEach(RangeStates::set);
      model.train(training);
      throw e;
    }
  }

  private static Map<QuantizationManager, RangeState> states(Module model) {
    Map<QuantizationManager, RangeState> states = new LinkedHashMap<>();
    for (QuantizedModule module : QuantizationStates.quantizedModules(model)) {
      Stream.concat(module.activationQuantizer().stream(), module.weightQuantizer().stream())
          .forEach(manager -> states.put(manager, manager.state()));
    }
    return states;
  }

  private static void runOne(Module model, Tensor batch) {
    if (batch == null || !batch.defined() || batch.numel() == 0) {
      throw new IllegalArgumentException(
          "a batch has no elements"
              + (batch == null || !batch.defined()
                  ? ""
                  : " (shape " + Arrays.toString(batch.shape()) + ")")
              + ": ranges are estimated from data");
    }
    Object output = ModuleCall.forward(model, new Object[] {batch});
    if (output != batch && ModuleCall.returnsFresh(model) && output instanceof Pointer pointer) {
      pointer.close();
    }
  }
}
