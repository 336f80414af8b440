// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import java.util.Map;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Snaps values to a uniform integer grid that covers a range.
 *
 * <p>With n bits the grid has the integers intMin..intMax. A value becomes {@code q = clamp(round(x
 * / scale) + zeroPoint)}, rounded half to even, and is read back as {@code scale * (q -
 * zeroPoint)}. NaN stays NaN, infinities become the ends of the grid. A range is widened to contain
 * 0 and to reach eps.
 *
 * <p>The state lives in tensors {@code _delta}, {@code _zero_float} (asymmetric) and {@code
 * _signed} (symmetric, once there is a range) of {@link #module()}. Before there is a range, {@code
 * _delta} is NaN.
 *
 * <p>While nothing changes the range, all methods are safe for use by several threads; methods that
 * change it are not.
 */
public abstract class Quantizer implements AutoCloseable {
  static final String DELTA = "_delta";
  static final String ZERO_FLOAT = "_zero_float";
  static final String SIGNED = "_signed";

  private final QuantizerOptions options;
  private final TensorState state;
  private final Tensor delta;
  private boolean trainable;

  Quantizer(QuantizerOptions options, String typeName) {
    if (options == null) {
      throw new IllegalArgumentException(
          "options is null, expected the settings of the quantizer, such as"
              + " QuantizerOptions.ofBits(8)");
    }
    this.options = options;
    this.state = new TensorState(typeName);
    state.put(DELTA, Tensors.scalar(Float.NaN));
    this.delta = state.get(DELTA);
  }

  /**
   * Makes a quantizer without a range.
   *
   * @throws IllegalArgumentException if an argument is null
   */
  public static Quantizer create(QuantizationMethod method, QuantizerOptions options) {
    if (method == null) {
      throw new IllegalArgumentException(
          "method is null, expected SYMMETRIC_UNIFORM or ASYMMETRIC_UNIFORM");
    }
    return switch (method) {
      case SYMMETRIC_UNIFORM -> new SymmetricUniformQuantizer(options);
      case ASYMMETRIC_UNIFORM -> new AsymmetricUniformQuantizer(options);
    };
  }

  /** Returns how this quantizer makes a grid of a range. */
  public abstract QuantizationMethod method();

  /** Tells whether the grid has negative integers. */
  public abstract boolean isSigned();

  /** Returns the float zero point as stored, borrowed; null where zero points are 0. */
  public abstract Tensor zeroFloat();

  /** Computes the grid of a range and stores it. */
  abstract void store(Tensor xMin, Tensor xMax);

  /** Forgets what subclasses store beside the step. */
  abstract void forget();

  /** Throws if what subclasses store beside the step makes no grid. */
  abstract void requireComplete();

  /** Returns the names of the tensors that can be learned. */
  abstract String[] trainableNames();

  /** Tells whether {@link #loadState} takes a tensor of that name. */
  public abstract boolean knows(String name);

  /** Returns the settings. */
  public final QuantizerOptions options() {
    return options;
  }

  /** Returns the bits of the grid. */
  public final int nBits() {
    return options.nBits();
  }

  /** Tells whether every index along dimension 0 has a step of its own. */
  public final boolean perChannel() {
    return options.perChannel();
  }

  /** Returns the tensors of this quantizer. */
  public final TensorState state() {
    return state;
  }

  /** Returns the native module that holds the tensors now. */
  public final Module module() {
    return state.module();
  }

  /** Returns the step, or its logarithm in the log domain, as stored. Borrowed. */
  public final Tensor delta() {
    return delta;
  }

  /** Returns the least integer of the grid. */
  public final float intMin() {
    return limits()[0];
  }

  /** Returns the greatest integer of the grid. */
  public final float intMax() {
    return limits()[1];
  }

  private float[] limits() {
    return RangeKernels.gridLimits(options.nBits(), isSigned());
  }

  /** Tells whether there is a range: whether not every step is NaN. */
  public final boolean isInitialized() {
    return !allNaN(delta);
  }

  static boolean allNaN(Tensor tensor) {
    if (!tensor.is_cpu()) {
      for (float value : Tensors.toFloats(tensor)) {
        if (!Float.isNaN(value)) {
          return false;
        }
      }
      return true;
    }
    long count = tensor.numel();
    FloatPointer values = tensor.data_ptr_float();
    for (long i = 0; i < count; i++) {
      if (!Float.isNaN(values.get(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Makes the grid of one range for all values.
   *
   * @throws IllegalStateException if the range is trainable and gradients are being recorded
   */
  public final void setQuantRange(double xMin, double xMax) {
    try (Tensor least = Tensors.scalar((float) xMin);
        Tensor greatest = Tensors.scalar((float) xMax)) {
      setQuantRange(least, greatest);
    }
  }

  /**
   * Makes the grids of ranges.
   *
   * @param xMin f32; its shape becomes that of the step. More than one element only where this
   *     quantizer is per channel or has an axis
   * @param xMax like xMin
   * @throws IllegalArgumentException if the shapes don't fit
   * @throws IllegalStateException if the range is trainable and gradients are being recorded
   */
  public final void setQuantRange(Tensor xMin, Tensor xMax) {
    if (!xMin.is_same_size(xMax)) {
      throw new IllegalArgumentException(
          "x_max has "
              + xMax.numel()
              + " elements and x_min "
              + xMin.numel()
              + ", expected the same shape");
    }
    if (xMin.numel() != 1 && !options.hasVectorRange()) {
      throw new IllegalArgumentException(
          "x_min and x_max have "
              + xMin.numel()
              + " elements, expected one for a quantizer of whole tensors; set per_channel or axis"
              + " for more");
    }
    try (Tensor least = asRange(xMin);
        Tensor greatest = asRange(xMax)) {
      store(least, greatest);
    }
  }

  private static Tensor asRange(Tensor range) {
    try (Tensor detached = range.detach();
        Tensor floats = detached.to(ScalarType.Float)) {
      return floats.contiguous();
    }
  }

  /** Stores a new step, and refuses where autograd would not let it be changed in place. */
  final void storeGrid(Tensor newDelta, Tensor newZeroFloat) {
    if (trainable && GradMode.is_enabled()) {
      newDelta.close();
      if (newZeroFloat != null) {
        newZeroFloat.close();
      }
      throw new IllegalStateException(
          "the range of this quantizer is being learned, and gradients are being recorded: it can't"
              + " be set to another. Call reset() (resetRanges() of a manager) to start anew, or do"
              + " this under NoGradGuard");
    }
    state.put(DELTA, newDelta);
    if (newZeroFloat != null) {
      state.put(ZERO_FLOAT, newZeroFloat);
    }
  }

  /** Forgets the range; it is not trainable then. */
  public final void reset() {
    makeRangeFixed();
    state.put(DELTA, Tensors.scalar(Float.NaN));
    forget();
  }

  /** Makes the stored range a parameter of {@link #module()} that requires a gradient. */
  public final void makeRangeTrainable() {
    trainable = true;
    state.trainable(true, trainableNames());
  }

  /** Makes the stored range a buffer of {@link #module()} again. */
  public final void makeRangeFixed() {
    trainable = false;
    state.trainable(false, trainableNames());
  }

  /** Tells whether the range is a parameter. */
  public final boolean isRangeTrainable() {
    return trainable;
  }

  /**
   * Snaps values to the grid.
   *
   * <p>Differentiable where gradients are being recorded and x or the range requires one: rounding
   * passes the gradient on, values that are cut off pass none. Otherwise one native call.
   *
   * @param x f32, f16 or bf16, any shape and strides
   * @return a new tensor like x, owned by the caller
   * @throws QuantizerNotInitializedException if there is no range
   * @throws IllegalArgumentException if there are several steps, but not as many as x has channels
   */
  public final Tensor forward(Tensor x) {
    Grid grid = grid(x);
    if (GradMode.is_enabled() && (trainable || x.requires_grad())) {
      return StraightThrough.apply(grid, x, trainable);
    }
    Tensor out = torch.empty_like(x);
    try {
      QuantizeKernels.fakeQuantize(grid, x, out);
      return out;
    } catch (Throwable e) {
      out.close();
      throw e;
    }
  }

  /**
   * Computes the integers that values become, as f32. Not differentiable.
   *
   * @return a new tensor of the shape of x, owned by the caller; NaN where x is
   */
  public final Tensor toCodes(Tensor x) {
    return toCodes(x, ScalarType.Float);
  }

  /**
   * Computes the integers that values become. Not differentiable.
   *
   * @param type Char, Byte, Int or Float; the grid must fit it
   * @return a new tensor of the shape of x, owned by the caller
   * @throws QuantizerNotInitializedException if there is no range
   */
  public final Tensor toCodes(Tensor x, ScalarType type) {
    Grid grid = grid(x);
    Tensor codes = Tensors.emptyBeside(x, type, Tensors.shape(x));
    try {
      QuantizeKernels.quantize(grid, x, codes);
      return codes;
    } catch (Throwable e) {
      codes.close();
      throw e;
    }
  }

  /** Returns the scale in use, f32, in the shape of the step: a new tensor, owned by the caller. */
  public final Tensor scale() {
    requireInitialized();
    Tensor scale = torch.empty_like(delta);
    QuantizeKernels.resolve(gridOfAll(), scale, null);
    return scale;
  }

  /**
   * Returns the zero point in use, f32, in the shape of the step: a new tensor, owned by the
   * caller.
   */
  public final Tensor zeroPoint() {
    requireInitialized();
    Tensor zeroPoint = torch.empty_like(delta);
    QuantizeKernels.resolve(gridOfAll(), null, zeroPoint);
    return zeroPoint;
  }

  /**
   * Returns the least value of the grid, in the shape of the step: a new tensor, owned by the
   * caller.
   */
  public final Tensor xMin() {
    return end(intMin());
  }

  /** Returns the greatest value of the grid, like {@link #xMin()}. */
  public final Tensor xMax() {
    return end(intMax());
  }

  private Tensor end(float code) {
    try (Tensor scale = scale();
        Tensor zeroPoint = zeroPoint()) {
      float[] steps = Tensors.toFloats(scale);
      float[] zeros = Tensors.toFloats(zeroPoint);
      for (int i = 0; i < steps.length; i++) {
        steps[i] *= code - zeros[i];
      }
      return Tensors.floats(steps, Tensors.shape(scale));
    }
  }

  /**
   * Returns the dimension of x along which the steps lie, or -1 if one step serves all of x.
   *
   * @throws IllegalArgumentException if x has no such dimension, or of another size
   */
  public final int axis(Tensor x) {
    long steps = delta.numel();
    if (steps == 1) {
      return -1;
    }
    int dims = (int) x.dim();
    int axis = options.perChannel() ? 0 : options.axis().orElse(0);
    if (axis < 0) {
      axis += dims;
    }
    if (axis < 0 || axis >= dims) {
      throw new IllegalArgumentException(
          "x has "
              + dims
              + " dimensions, but this quantizer has a step for every index along "
              + (options.perChannel() ? "dimension 0" : "axis " + options.axis().orElse(0)));
    }
    if (x.size(axis) != steps) {
      throw new IllegalArgumentException(
          "x has size "
              + x.size(axis)
              + " in dimension "
              + axis
              + ", but this quantizer has "
              + steps
              + " steps; set or estimate the range with tensors of the same size");
    }
    return axis;
  }

  /**
   * Returns the grid on which {@link #forward} puts values, as kernels take it. It borrows the
   * tensors of this quantizer, and says nothing of later changes of its sign.
   *
   * @throws QuantizerNotInitializedException if there is no range
   * @throws IllegalArgumentException as {@link #axis}
   */
  public final Grid grid(Tensor x) {
    requireInitialized();
    return grid(axis(x));
  }

  private Grid gridOfAll() {
    return grid(delta.numel() == 1 ? -1 : 0);
  }

  private Grid grid(int axis) {
    float[] limits = limits();
    return new Grid(
        delta,
        zeroFloat(),
        limits[0],
        limits[1],
        options.scaleDomain() == ScaleDomain.LOG,
        (float) options.eps(),
        axis);
  }

  private void requireInitialized() {
    if (!isInitialized()) {
      throw notInitialized();
    }
    requireComplete();
  }

  static QuantizerNotInitializedException notInitialized() {
    return new QuantizerNotInitializedException(
        "this quantizer has no range yet, or a NaN one: estimate it from data (a forward in train"
            + " mode, or estimateRanges() and a forward), or call setQuantRange()");
  }

  /**
   * Copies values into the state. Names that are missing stay as they are; shapes may be others
   * than now.
   *
   * @param tensors by the names of {@link #state()}; left alone
   * @throws IllegalArgumentException if a name does not belong to this quantizer
   */
  public final void loadState(Map<String, Tensor> tensors) {
    for (String name : tensors.keySet()) {
      if (!knows(name)) {
        throw new IllegalArgumentException(
            "'" + name + "' is no state of a " + method().jsonName() + " quantizer");
      }
    }
    tensors.forEach((name, value) -> state.put(name, copyOf(name, value)));
  }

  private static Tensor copyOf(String name, Tensor value) {
    try (Tensor detached = value.detach();
        Tensor typed = detached.to(name.equals(SIGNED) ? ScalarType.Bool : ScalarType.Float);
        Tensor compact = typed.contiguous()) {
      return compact.clone();
    }
  }

  /** Closes the tensors' handles; a model in which they are registered keeps them. */
  @Override
  public void close() {
    state.close();
  }
}
