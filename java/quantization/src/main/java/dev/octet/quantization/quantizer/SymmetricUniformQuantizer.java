// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.quantizer;

import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A quantizer whose zero point is 0. Signed, -2^(n-1)..2^(n-1)-1, iff any range begins below 0;
 * else unsigned, 0..2^n-1. The step is {@code max(|min|, max) / intMax}.
 */
public final class SymmetricUniformQuantizer extends Quantizer {
  private static final String[] TRAINABLE = {DELTA};

  /** Makes a quantizer without a range. */
  public SymmetricUniformQuantizer(QuantizerOptions options) {
    super(options, "SymmetricUniformQuantizer");
  }

  @Override
  public QuantizationMethod method() {
    return QuantizationMethod.SYMMETRIC_UNIFORM;
  }

  @Override
  public boolean isSigned() {
    Tensor signed = state().get(SIGNED);
    if (signed == null) {
      throw notInitialized();
    }
    if (!signed.is_cpu()) {
      return signed.item_bool();
    }
    BoolPointer value = signed.data_ptr_bool();
    return value.get();
  }

  @Override
  public Tensor zeroFloat() {
    return null;
  }

  @Override
  void store(Tensor xMin, Tensor xMax) {
    Tensor delta = torch.empty_like(xMin);
    boolean signed =
        RangeKernels.gridFromRange(
            xMin,
            xMax,
            nBits(),
            options().scaleDomain() == ScaleDomain.LOG,
            (float) options().eps(),
            delta,
            null);
    state().put(SIGNED, Tensors.scalar(signed));
    storeGrid(delta, null);
  }

  @Override
  void forget() {
    state().remove(SIGNED);
  }

  @Override
  void requireComplete() {}

  @Override
  String[] trainableNames() {
    return TRAINABLE;
  }

  @Override
  public boolean knows(String name) {
    return name.equals(DELTA) || name.equals(SIGNED);
  }
}
