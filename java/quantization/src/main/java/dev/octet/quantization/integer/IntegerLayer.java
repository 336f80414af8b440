// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.manager.RangeState;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.tree.ModuleTypes;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A layer that computes with integers: what it makes of its weight is kept, its output is put on
 * the grid of its output quantizer in floats.
 *
 * <p>The weight's codes are made at the first call after {@link #weightChanged} and kept for all
 * threads. Calls that run hold on to them, so that they may be dropped meanwhile.
 *
 * @param <P> what is kept of the weight
 */
abstract class IntegerLayer<P extends AutoCloseable> implements LayerExecution {
  private static final String SIMULATED =
      "IntegerModules.simulate(model) takes the model back to the simulated level";

  private final String path;
  private final Module module;
  private final LayerQuantization quantization;
  private Shared<P> prepared;

  IntegerLayer(String path, Module module, LayerQuantization quantization) {
    this.path = path.isEmpty() ? ModuleTypes.typeName(module) : path;
    this.module = module;
    this.quantization = quantization;
  }

  /** As the layer of another one's copy, whose weight has the same values now. */
  IntegerLayer(IntegerLayer<P> original, Module module, LayerQuantization quantization) {
    this(original.path, module, quantization);
    synchronized (original) {
      prepared = original.prepared == null ? null : original.prepared.hold();
    }
  }

  String path() {
    return path;
  }

  QuantizationManager weightQuantizer() {
    return quantization.weightQuantizer().orElseThrow();
  }

  LayerQuantization quantization() {
    return quantization;
  }

  /** Makes what calls need of the weight. */
  abstract P prepare();

  /** Computes the output before its quantizer, a tensor that nobody else has. */
  abstract Tensor compute(Tensor input, P weight);

  /** Throws if the input has a type that the layer does not take. */
  abstract void requireType(Tensor input);

  @Override
  public final Tensor forward(Tensor input, UnaryOperator<Tensor> simulated) {
    requireRunnable(input);
    Shared<P> weight = held();
    Tensor out;
    try {
      out = compute(input, weight.value());
    } catch (IllegalArgumentException e) {
      throw named(e);
    } finally {
      weight.release();
    }
    return quantized(out);
  }

  /** Kernels know no paths. */
  private IllegalArgumentException named(IllegalArgumentException e) {
    String name = "'" + path + "'";
    return e.getMessage().contains(name)
        ? e
        : new IllegalArgumentException(name + ": " + e.getMessage(), e);
  }

  /** Returns the native memory that calls need of the weight. */
  abstract long bytes(P weight);

  /**
   * Makes what calls need of the weight now, so that the first one does not wait for it.
   *
   * @return its bytes
   */
  final long prepareNow() {
    Shared<P> weight = held();
    try {
      return bytes(weight.value());
    } finally {
      weight.release();
    }
  }

  private synchronized Shared<P> held() {
    if (prepared == null) {
      prepared = new Shared<>(prepare());
    }
    return prepared.hold();
  }

  /**
   * Puts the output on its grid in its own memory where no range has to be estimated for that.
   *
   * <p>Codes from the epilogue of the product and a dequantization after it, the other way, took
   * between 0.96 and 1.07 times as long (768 features, 1 to 1024 rows, one thread), and can't serve
   * quantizers of more than 8 bits.
   */
  private Tensor quantized(Tensor out) {
    QuantizationManager manager = quantization.activationQuantizer().orElse(null);
    if (manager == null || !quantization.quantizesActivations()) {
      return out;
    }
    if (manager.state() == RangeState.ESTIMATE_RANGES) {
      return quantization.output(out);
    }
    try {
      QuantizeKernels.fakeQuantize(manager.quantizer().grid(out), out, out);
      return out;
    } catch (RuntimeException | Error e) {
      out.close();
      throw e;
    }
  }

  private void requireRunnable(Tensor input) {
    if (input == null || !input.defined()) {
      throw new IllegalArgumentException(
          "input of '" + path + "' is " + (input == null ? "null" : "undefined"));
    }
    if (module.is_training()) {
      throw new IllegalStateException(
          "'"
              + path
              + "' runs in integers, which is inference only, and is in train mode; call eval(). "
              + SIMULATED);
    }
    if (!quantization.quantizesWeights()) {
      throw new IllegalStateException(
          "'"
              + path
              + "' runs in integers, and the quantization of its weight is switched off; switch it"
              + " on. "
              + SIMULATED);
    }
    RangeState state = weightQuantizer().state();
    // A layer normalization without weight has a quantizer for it that never gets a range.
    if ((state == RangeState.ESTIMATE_RANGES && weightQuantizer().isInitialized())
        || (state == RangeState.LEARN_RANGES && GradMode.is_enabled())) {
      throw new IllegalStateException(
          "'"
              + path
              + "' runs in integers, and the range of its weight is being "
              + (state == RangeState.ESTIMATE_RANGES ? "estimated" : "learned")
              + "; fix it first. "
              + SIMULATED);
    }
    requireType(input);
    if (!input.is_cpu()) {
      throw new UnsupportedOperationException(
          "input of '" + path + "' is not on the CPU, where this level runs; call cpu() on it");
    }
    if (GradMode.is_enabled() && input.requires_grad()) {
      throw new IllegalArgumentException(
          "input of '"
              + path
              + "' requires a gradient, and integers have none: run the model under NoGradGuard. "
              + SIMULATED);
    }
  }

  final void requireFloats(Tensor input) {
    requireScalarType(input, "Float", ScalarType.Float);
  }

  final void requireScalarType(Tensor input, String expected, ScalarType... types) {
    ScalarType type = input.scalar_type();
    for (ScalarType each : types) {
      if (type.value == each.value) {
        return;
      }
    }
    throw new IllegalArgumentException(
        "input of '"
            + path
            + "' has elements of type "
            + type.intern()
            + ", expected "
            + expected
            + " at the integer level");
  }

  final IllegalArgumentException wrongShape(Tensor input, String expected) {
    return new IllegalArgumentException(
        "input of '"
            + path
            + "' has shape "
            + Arrays.toString(Tensors.shape(input))
            + ", expected "
            + expected);
  }

  /** Returns a handle, the caller's, that outlives a scope which is open now; null if undefined. */
  static Tensor kept(Tensor handle) {
    if (!handle.defined()) {
      return null;
    }
    handle.retainReference();
    return handle;
  }

  /** The codes of a weight and their grid, while they are being packed. */
  record Codes(Tensor tensor, Grid grid, boolean fourBits) implements AutoCloseable {
    private static final int HALF_BYTE = 4;

    static Codes of(QuantizationManager manager, Tensor weight) {
      var quantizer = manager.quantizer();
      ScalarType type = quantizer.intMin() < 0 ? ScalarType.Char : ScalarType.Byte;
      return new Codes(
          quantizer.toCodes(weight, type), quantizer.grid(weight), quantizer.nBits() <= HALF_BYTE);
    }

    @Override
    public void close() {
      tensor.close();
    }
  }

  @Override
  public final void weightChanged() {
    Shared<P> dropped;
    synchronized (this) {
      dropped = prepared;
      prepared = null;
    }
    if (dropped != null) {
      dropped.release();
    }
  }

  @Override
  public void close() {
    weightChanged();
  }
}
