// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.manager;

import dev.octet.quantization.estimator.RangeEstimator;
import dev.octet.quantization.estimator.RangeEstimatorOptions;
import dev.octet.quantization.estimator.RangeEstimatorParameters;
import dev.octet.quantization.estimator.RangeEstimatorType;
import dev.octet.quantization.estimator.SearchEstimator;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.QuantizerNotInitializedException;
import dev.octet.quantization.quantizer.QuantizerOptions;
import dev.octet.quantization.tree.ChildHolder;
import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.StructuralCopy;
import dev.octet.quantization.tree.TypeNamed;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * Quantizes one tensor of a model: a quantizer, an estimator of its range, and a state that says
 * whether the range is being estimated, fixed or learned.
 *
 * <p>Parameters and buffers begin with {@code quantizer.} and {@code range_estimator.}; an
 * estimator that searches has the quantizer's tensors once more below {@code
 * range_estimator.quantizer.}, as buffers always, so that an optimizer finds a learned range once.
 *
 * <p>{@link #forward} is safe for use by several threads where it does not estimate; nothing else
 * is.
 */
public final class QuantizationManager extends Module
    implements TypeNamed, ChildHolder, StructuralCopy {
  private static final String QUANTIZER = "quantizer";
  private static final String RANGE_ESTIMATOR = "range_estimator";

  private final QuantizationMethod method;
  private final QuantizerOptions options;
  private final Quantizer quantizer;
  private final RangeEstimator estimator;
  private final Map<String, Module> children = new LinkedHashMap<>();
  private RangeState state;
  private Runnable trainListener = () -> {};

  /**
   * Makes a manager that estimates the range in train mode.
   *
   * @throws IllegalArgumentException if an argument is null
   */
  public QuantizationManager(
      QuantizationMethod method, QuantizerOptions options, RangeEstimatorParameters parameters) {
    this(method, options, parameters, OptionalInt.empty());
  }

  /**
   * Makes a manager that estimates the range in train mode.
   *
   * @param nGroups into how many groups of one range each the indices along the options' axis are
   *     put; empty: every index on its own
   * @throws IllegalArgumentException if an argument is null
   */
  public QuantizationManager(
      QuantizationMethod method,
      QuantizerOptions options,
      RangeEstimatorParameters parameters,
      OptionalInt nGroups) {
    super("QuantizationManager");
    this.method = method;
    this.options = options;
    quantizer = Quantizer.create(method, options);
    estimator =
        RangeEstimator.create(
            parameters,
            new RangeEstimatorOptions(options.perChannel(), options.axis(), nGroups),
            quantizer);
    state = RangeState.ESTIMATE_RANGES_TRAIN;
    initialize();
  }

  /**
   * Makes a manager whose range is fixed, without an estimator.
   *
   * @throws IllegalArgumentException if an argument is null
   */
  public QuantizationManager(
      QuantizationMethod method, QuantizerOptions options, double xMin, double xMax) {
    super("QuantizationManager");
    this.method = method;
    this.options = options;
    quantizer = Quantizer.create(method, options);
    quantizer.setQuantRange(xMin, xMax);
    estimator = null;
    state = RangeState.FIX_RANGES;
    initialize();
  }

  private QuantizationManager(QuantizationManager from) {
    super("QuantizationManager");
    method = from.method;
    options = from.options;
    quantizer = Quantizer.create(method, options);
    quantizer.loadState(from.quantizer.state().tensors());
    estimator = from.estimator == null ? null : from.estimator.copy(quantizer);
    state = from.state;
    initialize();
    if (from.quantizer.isRangeTrainable()) {
      quantizer.makeRangeTrainable();
    }
    train(from.is_training());
  }

  private void initialize() {
    quantizer.state().onReplace(this::quantizerReplaced);
    if (estimator != null) {
      estimator.state().onReplace(this::register);
    }
    quantizerReplaced();
  }

  private void quantizerReplaced() {
    if (estimator instanceof SearchEstimator) {
      estimator.state().child(QUANTIZER, quantizer.state().secondModule());
    }
    register();
  }

  /** Registers both parts in their order, instead of those that were registered before. */
  private void register() {
    children.keySet().forEach(this::unregister_module);
    children.clear();
    register(QUANTIZER, quantizer.module());
    if (estimator != null) {
      register(RANGE_ESTIMATOR, estimator.module());
    }
  }

  private void register(String name, Module module) {
    register_module(name, module);
    children.put(name, module);
  }

  /**
   * Quantizes values, after taking them into the estimate of the range where the state says so.
   *
   * @param x f32, f16 or bf16, any shape and strides
   * @return a new tensor like x, owned by the caller; differentiable as {@link Quantizer#forward}.
   *     While the estimator only measures spreads for groups, x unchanged
   * @throws QuantizerNotInitializedException if there is no range
   * @throws IllegalStateException if the state asks for an estimate that there can't be
   */
  public Tensor forward(Tensor x) {
    if (estimator != null && estimator.perGroupRangeEstimation()) {
      estimator.update(x);
      return x.alias();
    }
    if (isEstimating()) {
      estimator.update(x);
      quantizer.setQuantRange(estimator.currentXmin(), estimator.currentXmax());
    }
    return quantizer.forward(x);
  }

  private boolean isEstimating() {
    boolean asked =
        state == RangeState.ESTIMATE_RANGES
            || (state == RangeState.ESTIMATE_RANGES_TRAIN && is_training());
    if (asked && estimator == null) {
      throw noEstimator();
    }
    return asked;
  }

  private static IllegalStateException noEstimator() {
    return new IllegalStateException(
        "this manager was constructed with a range and has no range estimator; construct it with"
            + " the parameters of one, or leave it in state fix_ranges");
  }

  /**
   * Sets the mode, of this module and its children. libtorch calls this when the mode of a module
   * above is set.
   */
  @Override
  public void train(boolean on) {
    super.train(on);
    if (on) {
      trainListener.run();
    }
  }

  /**
   * Runs {@code listener}, instead of one set before, whenever this module is put in train mode.
   */
  public void onTrain(Runnable listener) {
    trainListener = listener;
  }

  /** Lets every forward update the range. */
  public void estimateRanges() {
    state = RangeState.ESTIMATE_RANGES;
  }

  /** Lets every forward in train mode update the range. */
  public void estimateRangesTrain() {
    state = RangeState.ESTIMATE_RANGES_TRAIN;
  }

  /**
   * Keeps the range as it is.
   *
   * @throws QuantizerNotInitializedException if there is none
   */
  public void fixRanges() {
    if (!quantizer.isInitialized()) {
      throw new QuantizerNotInitializedException(
          "fixRanges() was called before a range was estimated; run a forward in train mode or"
              + " after estimateRanges() first");
    }
    state = RangeState.FIX_RANGES;
  }

  /** Makes the range a parameter that optimizers learn. */
  public void learnRanges() {
    quantizer.makeRangeTrainable();
    state = RangeState.LEARN_RANGES;
  }

  /**
   * Forgets the range and all batches, and estimates it anew in train mode.
   *
   * @throws IllegalStateException if there is no estimator
   */
  public void resetRanges() {
    if (estimator == null) {
      throw noEstimator();
    }
    estimator.reset();
    quantizer.reset();
    state = RangeState.ESTIMATE_RANGES_TRAIN;
  }

  /** Returns what is done with the values. */
  public RangeState state() {
    return state;
  }

  /** Tells whether there is a range. */
  public boolean isInitialized() {
    return quantizer.isInitialized();
  }

  /** Returns the quantizer. It belongs to this manager. */
  public Quantizer quantizer() {
    return quantizer;
  }

  /**
   * Returns the estimator, which belongs to this manager; null if it was constructed with a range.
   */
  public RangeEstimator rangeEstimator() {
    return estimator;
  }

  /** Returns how the range becomes a grid. */
  public QuantizationMethod method() {
    return method;
  }

  /** Returns the quantizer's settings. */
  public QuantizerOptions options() {
    return options;
  }

  /** Returns the kind of the estimator; null if there is none. */
  public RangeEstimatorType rangeEstimatorType() {
    return estimator == null ? null : estimator.type();
  }

  /** Returns the tensors of quantizer and estimator by their names in a state dict. Borrowed. */
  public Map<String, Tensor> rangeState() {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    quantizer.state().tensors().forEach((name, t) -> tensors.put(QUANTIZER + "." + name, t));
    if (estimator != null) {
      String prefix = RANGE_ESTIMATOR + ".";
      estimator.state().tensors().forEach((name, t) -> tensors.put(prefix + name, t));
      if (estimator instanceof SearchEstimator) {
        String second = prefix + QUANTIZER + ".";
        quantizer.state().tensors().forEach((name, t) -> tensors.put(second + name, t));
      }
    }
    return tensors;
  }

  /** Tells whether {@link #loadRangeState} takes a tensor of that name. */
  public boolean hasRangeState(String name) {
    String second = RANGE_ESTIMATOR + "." + QUANTIZER + ".";
    if (name.startsWith(second)) {
      return estimator instanceof SearchEstimator
          && quantizer.knows(name.substring(second.length()));
    }
    if (name.startsWith(RANGE_ESTIMATOR + ".")) {
      return estimator != null
          && RangeEstimator.knows(name.substring(RANGE_ESTIMATOR.length() + 1));
    }
    return name.startsWith(QUANTIZER + ".")
        && quantizer.knows(name.substring(QUANTIZER.length() + 1));
  }

  /**
   * Copies values into the tensors of {@link #rangeState()}, or adds them. What is missing stays as
   * it is; shapes may be others than now. The state of this manager stays, too.
   *
   * @throws IllegalArgumentException if a name belongs to no tensor of this manager
   */
  public void loadRangeState(Map<String, Tensor> tensors) {
    Map<String, Tensor> ofQuantizer = new LinkedHashMap<>();
    Map<String, Tensor> ofEstimator = new LinkedHashMap<>();
    String first = QUANTIZER + ".";
    String prefix = RANGE_ESTIMATOR + ".";
    String second = prefix + first;
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(first)) {
            ofQuantizer.put(name.substring(first.length()), tensor);
          } else if (name.startsWith(second) && estimator instanceof SearchEstimator) {
            ofQuantizer.putIfAbsent(name.substring(second.length()), tensor);
          } else if (name.startsWith(prefix) && estimator != null) {
            ofEstimator.put(name.substring(prefix.length()), tensor);
          } else {
            throw new IllegalArgumentException(
                "'"
                    + name
                    + "' is no range state of this manager, which has "
                    + rangeState().keySet());
          }
        });
    quantizer.loadState(ofQuantizer);
    if (estimator != null) {
      estimator.loadState(ofEstimator);
    }
  }

  /** Returns an independent manager with the same settings, tensors and state. */
  public QuantizationManager copy() {
    return new QuantizationManager(this);
  }

  @Override
  public Module copyStructure(CopyContext context) {
    return copy();
  }

  @Override
  public String typeName() {
    return "QuantizationManager";
  }

  @Override
  public Map<String, Module> childObjects() {
    return children;
  }

  @Override
  public void childObject(String name, Module module) {
    children.put(name, module);
  }

  /**
   * Lets go of this handle, and with the last hold on it of quantizer and estimator, whose handles
   * outlive the scopes in which their tensors change; a native model that has them keeps them.
   */
  @Override
  public boolean releaseReference() {
    boolean released = super.releaseReference();
    // A constructor that throws leaves an object in its scope that has neither.
    if (released && quantizer != null) {
      quantizer.close();
    }
    if (released && estimator != null) {
      estimator.close();
    }
    return released;
  }
}
