// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import static org.bytedeco.pytorch.global.torch.linear;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** A linear layer with quantized weight and output: {@code Q(x Q(W)^T + b)}. */
public final class QuantLinear extends LinearImpl implements QuantizedLayer {
  private final LayerQuantization quantization;

  /** Takes the place of a layer, sharing its parameters. */
  public QuantLinear(LinearImpl original, QuantizationConfig config) {
    super(original.options());
    Parameters.share(original.weight(), weight());
    Parameters.share(original.bias(), bias());
    quantization = LayerQuantization.ofWeightAndOutput(this, config);
  }

  private QuantLinear(QuantLinear original, CopyContext context) {
    super(original.options());
    try (Tensor weight = Parameters.copy(original.weight(), context);
        Tensor bias = Parameters.copy(original.bias(), context)) {
      Parameters.share(weight, weight());
      Parameters.share(bias, bias());
    }
    quantization = original.quantization.copyFor(this, original.is_training(), context);
  }

  /**
   * Applies the layer.
   *
   * @param input shape {@code [*, in_features]}
   * @return shape {@code [*, out_features]}, owned by the caller
   */
  @Override
  public Tensor forward(Tensor input) {
    return quantization.forward(input, this::simulate);
  }

  private Tensor simulate(Tensor input) {
    try (Tensor weight = quantization.weight(weight(), is_training());
        Tensor bias = bias();
        TensorOptional optionalBias = bias.defined() ? new TensorOptional(bias) : null) {
      return quantization.output(
          optionalBias == null ? linear(input, weight) : linear(input, weight, optionalBias));
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
    return new QuantLinear(this, context);
  }

  @Override
  public LinearImpl asLinear() {
    return this;
  }
}
