// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.module;

import static org.bytedeco.pytorch.global.torch.embedding;
import static org.bytedeco.pytorch.global.torch.embedding_renorm_;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.tree.CopyContext;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.EmbeddingOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * An embedding with a quantized table. Its output is never quantized: rows of the table are on the
 * grid already.
 *
 * <p>With {@code max_norm}, rows of the quantized table are renormalized when they are looked up;
 * in eval mode the table that is kept stays so.
 */
public final class QuantEmbedding extends EmbeddingImpl implements QuantizedLayer {
  private final LayerQuantization quantization;
  private final long paddingIndex;
  private final boolean renormalizes;
  private final double maxNorm;
  private final double normType;
  private final boolean scaleGradByFrequency;
  private final boolean sparse;

  /** Takes the place of a layer, sharing its parameters. */
  public QuantEmbedding(EmbeddingImpl original, QuantizationConfig config) {
    super(original.options());
    Parameters.share(original.weight(), weight());
    EmbeddingOptions options = options();
    paddingIndex = options.padding_idx().has_value() ? options.padding_idx().get() : -1;
    renormalizes = options.max_norm().has_value();
    maxNorm = renormalizes ? options.max_norm().get() : 0;
    normType = options.norm_type().get();
    scaleGradByFrequency = options.scale_grad_by_freq().get();
    sparse = options.sparse().get();
    quantization = LayerQuantization.ofWeight(this, config);
  }

  private QuantEmbedding(QuantEmbedding original, CopyContext context) {
    super(original.options());
    try (Tensor weight = Parameters.copy(original.weight(), context)) {
      Parameters.share(weight, weight());
    }
    paddingIndex = original.paddingIndex;
    renormalizes = original.renormalizes;
    maxNorm = original.maxNorm;
    normType = original.normType;
    scaleGradByFrequency = original.scaleGradByFrequency;
    sparse = original.sparse;
    quantization = original.quantization.copyFor(this, original.is_training(), context);
  }

  /**
   * Looks rows up.
   *
   * @param indices whole numbers (int or long), any shape
   * @return shape of {@code indices} with {@code embedding_dim} behind it, owned by the caller
   */
  @Override
  public Tensor forward(Tensor indices) {
    return quantization.forward(indices, this::simulate);
  }

  private Tensor simulate(Tensor indices) {
    try (Tensor weight = quantization.weight(weight(), is_training())) {
      if (renormalizes) {
        try (NoGradGuard guard = new NoGradGuard();
            Tensor flat = indices.contiguous()) {
          embedding_renorm_(weight, flat, maxNorm, normType);
        }
      }
      return embedding(weight, indices, paddingIndex, scaleGradByFrequency, sparse);
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
    return new QuantEmbedding(this, context);
  }

  @Override
  public EmbeddingImpl asEmbedding() {
    return this;
  }
}
