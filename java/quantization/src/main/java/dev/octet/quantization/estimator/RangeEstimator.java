// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.TensorState;
import java.util.Map;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Finds the range of a tensor from batch after batch of its values.
 *
 * <p>The range lives in tensors {@code current_xmin} and {@code current_xmax} of {@link #module()},
 * which are there from the first batch on. No gradient flows through it.
 *
 * <p>Not safe for use by several threads.
 */
public abstract class RangeEstimator implements AutoCloseable {
  static final String XMIN = "current_xmin";
  static final String XMAX = "current_xmax";

  private final RangeEstimatorParameters parameters;
  private final RangeEstimatorOptions options;
  private final TensorState state;
  private boolean perGroupRangeEstimation;

  RangeEstimator(
      RangeEstimatorParameters parameters, RangeEstimatorOptions options, String typeName) {
    if (options == null) {
      throw new IllegalArgumentException(
          "options is null, expected for instance RangeEstimatorOptions.perTensor()");
    }
    this.parameters = parameters;
    this.options = options;
    this.state = new TensorState(typeName);
  }

  /**
   * Makes an estimator.
   *
   * @param quantizer the quantizer whose error a search minimizes; others do without (null)
   * @throws IllegalArgumentException if an argument is null that must not be
   */
  public static RangeEstimator create(
      RangeEstimatorParameters parameters, RangeEstimatorOptions options, Quantizer quantizer) {
    if (parameters instanceof CurrentMinMaxParameters p) {
      return new CurrentMinMaxEstimator(p, options);
    }
    if (parameters instanceof AllMinMaxParameters p) {
      return new AllMinMaxEstimator(p, options);
    }
    if (parameters instanceof RunningMinMaxParameters p) {
      return new RunningMinMaxEstimator(p, options);
    }
    if (parameters instanceof MseParameters p) {
      return new MseEstimator(p, options, quantizer);
    }
    if (parameters instanceof CrossEntropyParameters p) {
      return new CrossEntropyEstimator(p, options, quantizer);
    }
    throw new IllegalArgumentException(
        "parameters is null, expected those of one of " + RangeEstimatorType.jsonNames());
  }

  /**
   * Takes a batch in and updates the range.
   *
   * @param x f32, f16 or bf16, any strides
   * @throws IllegalArgumentException if x has no elements, or not the dimensions that the options
   *     need
   */
  public abstract void update(Tensor x);

  /** Forgets all batches. */
  public void reset() {
    state.remove(XMIN, XMAX);
  }

  /** Takes over what another estimator of the same kind and options has found, tensors excepted. */
  void copyFindings(RangeEstimator other) {
    perGroupRangeEstimation = other.perGroupRangeEstimation;
  }

  /** Returns a new estimator with the same parameters, options and findings. */
  public final RangeEstimator copy(Quantizer quantizer) {
    RangeEstimator copy = create(parameters, options, quantizer);
    copy.loadState(state.tensors());
    copy.copyFindings(this);
    copy.module().train(module().is_training());
    return copy;
  }

  /** Returns the kind of this estimator. */
  public final RangeEstimatorType type() {
    return parameters.type();
  }

  /** Returns the parameters. */
  public final RangeEstimatorParameters parameters() {
    return parameters;
  }

  /** Returns the options. */
  public final RangeEstimatorOptions options() {
    return options;
  }

  /** Returns the lower end of the range, borrowed; null before the first batch. */
  public final Tensor currentXmin() {
    return state.get(XMIN);
  }

  /** Returns the upper end of the range, borrowed; null before the first batch. */
  public final Tensor currentXmax() {
    return state.get(XMAX);
  }

  /** Returns the tensors of this estimator. */
  public final TensorState state() {
    return state;
  }

  /** Returns the native module that holds the tensors now. */
  public final Module module() {
    return state.module();
  }

  /** Tells whether batches only measure the spreads by which slices are put into groups. */
  public final boolean perGroupRangeEstimation() {
    return perGroupRangeEstimation;
  }

  /**
   * Sets whether batches only measure the spreads by which slices are put into groups, instead of
   * updating the range. Only the current min-max estimator does this.
   */
  public final void perGroupRangeEstimation(boolean on) {
    perGroupRangeEstimation = on;
  }

  /** Stores the range of a batch or of several. */
  final void store(Range range) {
    state.put(XMIN, Tensors.floats(range.min(), range.shape()));
    state.put(XMAX, Tensors.floats(range.max(), range.shape()));
  }

  /** Returns the stored range, or null before the first batch. */
  final Range current() {
    if (currentXmin() == null) {
      return null;
    }
    return new Range(
        Tensors.toFloats(currentXmin()),
        Tensors.toFloats(currentXmax()),
        Tensors.shape(currentXmin()));
  }

  /**
   * Copies values into the state. Names that are missing stay as they are; shapes may be others
   * than now.
   *
   * @param tensors by name, {@code current_xmin} and {@code current_xmax}; left alone
   * @throws IllegalArgumentException if a name is another
   */
  public final void loadState(Map<String, Tensor> tensors) {
    for (String name : tensors.keySet()) {
      if (!knows(name)) {
        throw new IllegalArgumentException(
            "'" + name + "' is no state of a range estimator, expected " + XMIN + " or " + XMAX);
      }
    }
    tensors.forEach(
        (name, value) -> {
          try (Tensor detached = value.detach();
              Tensor floats = detached.to(ScalarType.Float);
              Tensor compact = floats.contiguous()) {
            state.put(name, compact.clone());
          }
        });
  }

  /** Tells whether {@link #loadState} takes a tensor of that name. */
  public static boolean knows(String name) {
    return name.equals(XMIN) || name.equals(XMAX);
  }

  /** Closes the tensors' handles; a model in which they are registered keeps them. */
  @Override
  public void close() {
    state.close();
  }
}
