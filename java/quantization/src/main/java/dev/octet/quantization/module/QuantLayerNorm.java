// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import static org.bytedeco.pytorch.global.torch.layer_norm;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.CopyContext;
import dev.octet.quantization.tree.NativeTensors;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/**
 * A layer normalization with quantized weight and output. Without an affine part there is no weight
 * to quantize, and its quantizer has no effect.
 */
public final class QuantLayerNorm extends LayerNormImpl implements QuantizedLayer {
  private final LayerQuantization quantization;
  private final long[] normalizedShape;
  private final double eps;

  /** Takes the place of a layer, sharing its parameters. */
  public QuantLayerNorm(LayerNormImpl original, QuantizationConfig config) {
    super(original.options());
    Parameters.share(original.weight(), weight());
    shareBias(original.bias());
    normalizedShape = options().normalized_shape().get();
    eps = options().eps().get();
    quantization = LayerQuantization.ofWeightAndOutput(this, config);
  }

  private QuantLayerNorm(QuantLayerNorm original, CopyContext context) {
    super(original.options());
    try (Tensor weight = Parameters.copy(original.weight(), context);
        Tensor bias = Parameters.copy(original.bias(), context)) {
      Parameters.share(weight, weight());
      shareBias(bias);
    }
    normalizedShape = original.normalizedShape;
    eps = original.eps;
    quantization = original.quantization.copyFor(this, original.is_training(), context);
  }

  /** The presets' options know no weight without a bias, imported layers do. */
  private void shareBias(Tensor original) {
    if (!original.defined() && bias().defined()) {
      NativeTensors.drop(this, "bias");
    }
    Parameters.share(original, bias());
  }

  /**
   * Applies the layer.
   *
   * @param input shape {@code [*, normalized_shape]}
   * @return shape of the input, owned by the caller
   */
  @Override
  public Tensor forward(Tensor input) {
    return quantization.forward(input, this::simulate);
  }

  private Tensor simulate(Tensor input) {
    try (Tensor original = weight();
        Tensor bias = bias();
        Tensor weight =
            original.defined() ? quantization.weight(original, is_training()) : new Tensor();
        TensorOptional optionalWeight = optional(weight);
        TensorOptional optionalBias = optional(bias)) {
      return quantization.output(
          layer_norm(input, normalizedShape, optionalWeight, optionalBias, eps, true));
    }
  }

  private static TensorOptional optional(Tensor tensor) {
    return tensor.defined() ? new TensorOptional(tensor) : new TensorOptional();
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
    return new QuantLayerNorm(this, context);
  }

  @Override
  public LayerNormImpl asLayerNorm() {
    return this;
  }
}
