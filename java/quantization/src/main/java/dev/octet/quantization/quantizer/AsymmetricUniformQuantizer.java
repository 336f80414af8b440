// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A quantizer with a zero point, on the grid 0..2^n-1. The step is {@code (max - min) / intMax};
 * the zero point is stored as the float {@code -min / step}, and rounded and clamped to the grid in
 * use.
 */
public final class AsymmetricUniformQuantizer extends Quantizer {
  private static final String[] TRAINABLE = {DELTA, ZERO_FLOAT};

  private final Tensor zeroFloat;

  /** Makes a quantizer without a range. */
  public AsymmetricUniformQuantizer(QuantizerOptions options) {
    super(options, "AsymmetricUniformQuantizer");
    state().put(ZERO_FLOAT, Tensors.scalar(Float.NaN));
    zeroFloat = state().get(ZERO_FLOAT);
  }

  @Override
  public QuantizationMethod method() {
    return QuantizationMethod.ASYMMETRIC_UNIFORM;
  }

  @Override
  public boolean isSigned() {
    return false;
  }

  @Override
  public Tensor zeroFloat() {
    return zeroFloat;
  }

  @Override
  void store(Tensor xMin, Tensor xMax) {
    Tensor delta = torch.empty_like(xMin);
    Tensor zero = torch.empty_like(xMin);
    RangeKernels.gridFromRange(
        xMin,
        xMax,
        nBits(),
        options().scaleDomain() == ScaleDomain.LOG,
        (float) options().eps(),
        delta,
        zero);
    storeGrid(delta, zero);
  }

  @Override
  void forget() {
    state().put(ZERO_FLOAT, Tensors.scalar(Float.NaN));
  }

  @Override
  void requireComplete() {
    if (allNaN(zeroFloat)) {
      throw notInitialized();
    }
  }

  @Override
  String[] trainableNames() {
    return TRAINABLE;
  }

  @Override
  public boolean knows(String name) {
    return name.equals(DELTA) || name.equals(ZERO_FLOAT);
  }
}
