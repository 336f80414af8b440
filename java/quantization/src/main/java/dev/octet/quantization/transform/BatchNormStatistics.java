// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import java.util.stream.Stream;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm1dImplBaseBase;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNorm2dImplBaseBase;
import org.bytedeco.pytorch.BatchNorm3dImpl;
import org.bytedeco.pytorch.BatchNorm3dImplBaseBase;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a batch normalization in eval mode computes with.
 *
 * @param weight the factor by channel; undefined or null if there is none
 * @param bias what is added by channel; undefined or null if there is none
 * @param mean the running mean; undefined if it is not tracked
 * @param variance the running variance; undefined if it is not tracked
 * @param eps what is added to the variance
 */
record BatchNormStatistics(Tensor weight, Tensor bias, Tensor mean, Tensor variance, double eps) {

  /** The statistics of a module; null if it is no batch normalization. */
  static BatchNormStatistics of(Module module) {
    if (module instanceof BatchNorm1dImplBaseBase norm) {
      return new BatchNormStatistics(
          norm.weight(),
          norm.bias(),
          norm.running_mean(),
          norm.running_var(),
          norm.options().eps().get());
    }
    if (module instanceof BatchNorm2dImplBaseBase norm) {
      return new BatchNormStatistics(
          norm.weight(),
          norm.bias(),
          norm.running_mean(),
          norm.running_var(),
          norm.options().eps().get());
    }
    if (module instanceof BatchNorm3dImplBaseBase norm) {
      return new BatchNormStatistics(
          norm.weight(),
          norm.bias(),
          norm.running_mean(),
          norm.running_var(),
          norm.options().eps().get());
    }
    return null;
  }

  /** The number of spatial dimensions that a module of libtorch's own is for; 0 for any other. */
  static int dimensions(Module module) {
    Class<?> type = module.getClass();
    return type == BatchNorm1dImpl.class
        ? 1
        : type == BatchNorm2dImpl.class ? 2 : type == BatchNorm3dImpl.class ? 3 : 0;
  }

  boolean isTracked() {
    return mean != null && mean.defined() && variance != null && variance.defined();
  }

  /** Whether all tensors that are there have one element for each of so many channels. */
  boolean hasChannels(long count) {
    return Stream.of(mean, variance, weight, bias)
        .filter(tensor -> tensor != null && tensor.defined())
        .allMatch(tensor -> tensor.dim() == 1 && tensor.numel() == count);
  }

  /** What each channel is multiplied by, in 64 bits: weight / sqrt(variance + eps). */
  Tensor scale() {
    try (Tensor wide = variance.to(ScalarType.Double);
        Scalar added = new Scalar(eps);
        Tensor sum = wide.add(added);
        Tensor inverse = sum.rsqrt()) {
      if (weight == null || !weight.defined()) {
        return new Tensor(inverse);
      }
      try (Tensor factor = weight.to(ScalarType.Double)) {
        return inverse.mul(factor);
      }
    }
  }

  /** The bias of a layer that does the scaling itself, in 64 bits: (b - mean) scale + bias. */
  Tensor shift(Tensor layerBias, Tensor scale) {
    try (Tensor wide = mean.to(ScalarType.Double);
        Tensor centered = layerBias.defined() ? layerBias.sub(wide) : wide.neg();
        Tensor scaled = centered.mul(scale)) {
      if (bias == null || !bias.defined()) {
        return new Tensor(scaled);
      }
      try (Tensor added = bias.to(ScalarType.Double)) {
        return scaled.add(added);
      }
    }
  }
}
