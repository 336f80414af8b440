// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.tree.ModelCopier;
import dev.octet.quantization.tree.NativeTensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv3dImpl;
import org.bytedeco.pytorch.ConvTranspose1dImpl;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.ConvTranspose3dImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A layer that a factor and a summand by output channel can be folded into.
 *
 * @param module one of libtorch's convolutions, or its Linear
 * @param weight its weight
 * @param bias its bias; undefined if it has none
 * @param biasOption the option that says whether it has one
 * @param outputs the number of output channels
 * @param groups the number of groups; output channels of a transposed convolution are counted
 *     within their group in dimension 1 of the weight
 * @param transposed whether it is a transposed convolution
 * @param dimensions the number of spatial dimensions; 1 for a Linear, which batch normalization
 *     treats alike
 */
record FoldableLayer(
    Module module,
    Tensor weight,
    Tensor bias,
    BoolPointer biasOption,
    long outputs,
    long groups,
    boolean transposed,
    int dimensions) {

  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  /** The layer that a module is; null if it is none, or of a class of its own. */
  static FoldableLayer of(Module module) {
    Class<?> type = module.getClass();
    if (type == LinearImpl.class) {
      LinearImpl linear = (LinearImpl) module;
      return plain(module, linear.weight(), linear.bias(), linear.options().bias(), 1);
    }
    if (type == Conv1dImpl.class) {
      Conv1dImpl conv = (Conv1dImpl) module;
      return plain(module, conv.weight(), conv.bias(), conv.options().bias(), 1);
    }
    if (type == Conv2dImpl.class) {
      Conv2dImpl conv = (Conv2dImpl) module;
      return plain(module, conv.weight(), conv.bias(), conv.options().bias(), 2);
    }
    if (type == Conv3dImpl.class) {
      Conv3dImpl conv = (Conv3dImpl) module;
      return plain(module, conv.weight(), conv.bias(), conv.options().bias(), 3);
    }
    if (type == ConvTranspose1dImpl.class) {
      ConvTranspose1dImpl conv = (ConvTranspose1dImpl) module;
      long groups = conv.options().groups().get();
      return transposed(module, conv.weight(), conv.bias(), conv.options().bias(), groups, 1);
    }
    if (type == ConvTranspose2dImpl.class) {
      ConvTranspose2dImpl conv = (ConvTranspose2dImpl) module;
      long groups = conv.options().groups().get();
      return transposed(module, conv.weight(), conv.bias(), conv.options().bias(), groups, 2);
    }
    if (type == ConvTranspose3dImpl.class) {
      ConvTranspose3dImpl conv = (ConvTranspose3dImpl) module;
      long groups = conv.options().groups().get();
      return transposed(module, conv.weight(), conv.bias(), conv.options().bias(), groups, 3);
    }
    return null;
  }

  private static FoldableLayer plain(
      Module module, Tensor weight, Tensor bias, BoolPointer biasOption, int dimensions) {
    return new FoldableLayer(
        module, weight, bias, biasOption, weight.size(0), 1, false, dimensions);
  }

  private static FoldableLayer transposed(
      Module module,
      Tensor weight,
      Tensor bias,
      BoolPointer biasOption,
      long groups,
      int dimensions) {
    return new FoldableLayer(
        module, weight, bias, biasOption, weight.size(1) * groups, groups, true, dimensions);
  }

  /**
   * Make a layer that does what this one and a batch normalization after it do.
   *
   * @return a new module of the same class and mode, with a bias
   */
  Module folded(BatchNormStatistics norm) {
    Module copy = ModelCopier.copy(module);
    FoldableLayer layer = of(copy);
    try (NoGradGuard noGrad = new NoGradGuard();
        Tensor scale = norm.scale();
        Tensor wideWeight = scaledWeight(scale);
        Tensor wideBias = norm.shift(bias, scale);
        Tensor roundedWeight = wideWeight.to(weight.scalar_type());
        Tensor roundedBias = wideBias.to(weight.scalar_type());
        Tensor newWeight = roundedWeight.clone();
        Tensor newBias = roundedBias.clone()) {
      newWeight.set_requires_grad(weight.requires_grad());
      newBias.set_requires_grad(bias.defined() ? bias.requires_grad() : weight.requires_grad());
      layer.biasOption.put(true);
      Map<String, Tensor> parameters = new LinkedHashMap<>();
      parameters.put(WEIGHT, newWeight);
      parameters.put(BIAS, newBias);
      parameters.forEach((name, tensor) -> NativeTensors.setMember(copy, name, tensor));
      NativeTensors.register(copy, parameters, Map.of());
    }
    return copy;
  }

  /** The weight times a factor by output channel, in 64 bits. */
  private Tensor scaledWeight(Tensor scale) {
    long[] shape = weight.shape();
    long[] byGroup = new long[shape.length + 1];
    long[] scaleShape = new long[shape.length + 1];
    Arrays.fill(scaleShape, 1);
    System.arraycopy(shape, 1, byGroup, 2, shape.length - 1);
    int channel = transposed ? 2 : 1;
    byGroup[0] = groups;
    byGroup[1] = shape[0] / groups;
    scaleShape[0] = groups;
    scaleShape[channel] = outputs / groups;
    try (Tensor wide = weight.to(ScalarType.Double);
        Tensor grouped = wide.reshape(byGroup);
        Tensor factors = scale.reshape(scaleShape);
        Tensor scaled = grouped.mul(factors)) {
      return scaled.reshape(shape);
    }
  }
}
