// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.estimator;

import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.kernel.RangeKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.quantizer.QuantizationMethod;
import dev.octet.quantization.quantizer.Quantizer;
import dev.octet.quantization.quantizer.ScaleDomain;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Quantizes one tensor with one range after another, as a quantizer would, into the same memory.
 */
final class TrialQuantizer implements AutoCloseable {
  private final Quantizer quantizer;
  private final Tensor x;
  private final Tensor out;
  private final Tensor delta = Tensors.empty(ScalarType.Float);
  private final Tensor zeroFloat;

  TrialQuantizer(Quantizer quantizer, Tensor x) {
    this.quantizer = quantizer;
    this.x = x;
    this.out = torch.empty_like(x);
    this.zeroFloat =
        quantizer.method() == QuantizationMethod.ASYMMETRIC_UNIFORM
            ? Tensors.empty(ScalarType.Float)
            : null;
  }

  /** Returns x quantized with a range. Borrowed, and overwritten by the next call. */
  Tensor quantize(double min, double max) {
    int bits = quantizer.nBits();
    boolean log = quantizer.options().scaleDomain() == ScaleDomain.LOG;
    float eps = (float) quantizer.options().eps();
    boolean signed;
    try (Tensor lower = Tensors.scalar((float) min);
        Tensor upper = Tensors.scalar((float) max)) {
      signed = RangeKernels.gridFromRange(lower, upper, bits, log, eps, delta, zeroFloat);
    }
    float[] limits = RangeKernels.gridLimits(bits, signed);
    QuantizeKernels.fakeQuantize(
        new Grid(delta, zeroFloat, limits[0], limits[1], log, eps, -1), x, out);
    return out;
  }

  @Override
  public void close() {
    out.close();
    delta.close();
    if (zeroFloat != null) {
      zeroFloat.close();
    }
  }
}
