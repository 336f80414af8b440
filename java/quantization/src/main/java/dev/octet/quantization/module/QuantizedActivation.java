// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/** A quantizer of whatever flows through. */
public final class QuantizedActivation extends Module implements QuantizedLayer {
  private final LayerQuantization quantization;

  /** Uses the activation part of the configuration. */
  public QuantizedActivation(QuantizationConfig config) {
    quantization = LayerQuantization.ofOutput(this, config);
  }

  private QuantizedActivation(QuantizedActivation original, CopyContext context) {
    quantization = original.quantization.copyFor(this, original.is_training(), context);
  }

  /**
   * Quantizes a tensor.
   *
   * @param x floats of any shape, left as they are
   * @return the argument itself if the quantizer is switched off, else a tensor owned by the caller
   */
  public Tensor forward(Tensor x) {
    return quantization.forward(x, quantization::outputOf);
  }

  @Override
  public LayerQuantization quantization() {
    return quantization;
  }

  @Override
  public Module copyStructure(CopyContext context) {
    return new QuantizedActivation(this, context);
  }
}
