// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.manager.QuantizationManager;
import dev.octet.quantization.quantizer.Quantizer;
import org.bytedeco.pytorch.Tensor;

/** Quantizers in the words of reports and messages. */
final class QuantizerWords {
  private QuantizerWords() {}

  /** Returns type of the codes, bits and scales, as in {@code u8 (8 bits, asymmetric)}. */
  static String type(QuantizationManager manager) {
    Quantizer quantizer = manager.quantizer();
    long scales = quantizer.delta().numel();
    return (quantizer.intMin() < 0 ? "s8" : "u8")
        + " ("
        + quantizer.nBits()
        + " bits"
        + (scales == 1 ? "" : ", " + scales + " scales")
        + (quantizer.zeroFloat() == null ? "" : ", asymmetric")
        + ")";
  }

  /** Returns scale, zero point and limits of a grid of one scale. */
  static String grid(QuantizationManager manager) {
    Quantizer quantizer = manager.quantizer();
    try (Tensor scale = quantizer.scale();
        Tensor zeroPoint = quantizer.zeroPoint()) {
      return "step "
          + Tensors.toFloats(scale)[0]
          + ", zero point "
          + (int) Tensors.toFloats(zeroPoint)[0]
          + ", "
          + (int) quantizer.intMin()
          + " to "
          + (int) quantizer.intMax();
    }
  }
}
