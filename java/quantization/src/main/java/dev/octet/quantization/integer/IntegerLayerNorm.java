// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.integer;

import dev.octet.quantization.kernel.RowKernels;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.module.LayerExecution;
import dev.octet.quantization.module.LayerQuantization;
import dev.octet.quantization.module.QuantLayerNorm;
import dev.octet.quantization.tree.CopyContext;
import java.util.Arrays;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A layer normalization by Octet's kernel: mean and variance are floats, and the input may lie
 * anywhere.
 */
final class IntegerLayerNorm extends IntegerLayer<IntegerLayerNorm.Weight> {
  private final QuantLayerNorm layer;
  private final long[] normalizedShape;
  private final float eps;
  private final Tensor bias;

  IntegerLayerNorm(String path, QuantLayerNorm layer) {
    super(path, layer, layer.quantization());
    this.layer = layer;
    normalizedShape = layer.options().normalized_shape().get();
    eps = (float) layer.options().eps().get();
    bias = kept(layer.bias());
  }

  private IntegerLayerNorm(
      IntegerLayerNorm original, QuantLayerNorm layer, LayerQuantization quantization) {
    super(original, layer, quantization);
    this.layer = layer;
    normalizedShape = original.normalizedShape;
    eps = original.eps;
    bias = kept(layer.bias());
  }

  /**
   * The weight on its grid.
   *
   * @param tensor null: there is none
   */
  record Weight(Tensor tensor) implements AutoCloseable {
    @Override
    public void close() {
      if (tensor != null) {
        tensor.close();
      }
    }
  }

  @Override
  public LayerExecution copyFor(Module copy, LayerQuantization quantization, CopyContext context) {
    return new IntegerLayerNorm(this, (QuantLayerNorm) copy, quantization);
  }

  @Override
  Weight prepare() {
    try (Tensor weight = layer.weight()) {
      if (!weight.defined()) {
        return new Weight(null);
      }
      try (Tensor detached = weight.detach();
          Tensor compact = detached.contiguous()) {
        return new Weight(kept(weightQuantizer().quantizer().forward(compact)));
      }
    }
  }

  @Override
  long bytes(Weight weight) {
    return weight.tensor() == null ? 0 : weight.tensor().nbytes();
  }

  @Override
  void requireType(Tensor input) {
    requireFloats(input);
  }

  @Override
  Tensor compute(Tensor input, Weight weight) {
    long[] shape = Tensors.shape(input);
    int dims = normalizedShape.length;
    int first = shape.length - dims;
    if (first < 0
        || !Arrays.equals(normalizedShape, Arrays.copyOfRange(shape, first, first + dims))) {
      throw wrongShape(
          input,
          LongStream.of(normalizedShape)
              .mapToObj(Long::toString)
              .collect(Collectors.joining(", ", "[*, ", "]")));
    }
    try (Tensor rows = input.contiguous()) {
      Tensor out = Tensors.empty(ScalarType.Float, shape);
      try {
        RowKernels.layerNorm(rows, dims, eps, weight.tensor(), bias, out);
        return out;
      } catch (RuntimeException | Error e) {
        out.close();
        throw e;
      }
    }
  }

  @Override
  public void close() {
    super.close();
    if (bias != null) {
      bias.close();
    }
  }
}
