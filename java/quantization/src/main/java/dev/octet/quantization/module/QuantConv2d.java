// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;

/**
 * A 2-D convolution with quantized weight and output. The original's padding mode is kept: zeros,
 * reflect, replicate and circular.
 */
public final class QuantConv2d extends Conv2dImpl implements QuantizedLayer {
  private final LayerQuantization quantization;
  private final Conv2dGeometry geometry;

  /** Takes the place of a layer, sharing its parameters. */
  public QuantConv2d(Conv2dImpl original, QuantizationConfig config) {
    super(Conv2dGeometry.copyOptions(original.options()));
    Parameters.share(original.weight(), weight());
    Parameters.share(original.bias(), bias());
    geometry = Conv2dGeometry.of(options());
    quantization = LayerQuantization.ofWeightAndOutput(this, config);
  }

  private QuantConv2d(QuantConv2d original, CopyContext context) {
    super(Conv2dGeometry.copyOptions(original.options()));
    try (Tensor weight = Parameters.copy(original.weight(), context);
        Tensor bias = Parameters.copy(original.bias(), context)) {
      Parameters.share(weight, weight());
      Parameters.share(bias, bias());
    }
    geometry = original.geometry;
    quantization = original.quantization.copyFor(this, original.is_training(), context);
  }

  /**
   * Applies the layer.
   *
   * @param input shape {@code [N, C, H, W]} or {@code [C, H, W]}
   * @return shape {@code [N, out_channels, H', W']} or without N, owned by the caller
   */
  @Override
  public Tensor forward(Tensor input) {
    return quantization.forward(input, this::simulate);
  }

  private Tensor simulate(Tensor input) {
    try (Tensor weight = quantization.weight(weight(), is_training());
        Tensor bias = bias()) {
      return quantization.output(geometry.convolve(input, weight, bias));
    }
  }

  @Override
  public LayerQuantization quantization() {
    return quantization;
  }

  /** Lets go of this handle and, with its last hold, of the weight that is kept. */
  @Override
  public boolean releaseReference() {
    boolean released = super.releaseReference();
    // A constructor that throws leaves an object in its scope that has none.
    if (released && quantization != null) {
      quantization.release();
    }
    return released;
  }

  @Override
  public Module copyStructure(CopyContext context) {
    return new QuantConv2d(this, context);
  }

  @Override
  public Conv2dImpl asConv2d() {
    return this;
  }
}
