// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNorm3dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Conv1dImpl;
import org.bytedeco.pytorch.Conv1dOptions;
import org.bytedeco.pytorch.Conv2dImpl;
import org.bytedeco.pytorch.Conv2dOptions;
import org.bytedeco.pytorch.Conv3dImpl;
import org.bytedeco.pytorch.Conv3dOptions;
import org.bytedeco.pytorch.ConvTranspose1dImpl;
import org.bytedeco.pytorch.ConvTranspose1dOptions;
import org.bytedeco.pytorch.ConvTranspose2dImpl;
import org.bytedeco.pytorch.ConvTranspose2dOptions;
import org.bytedeco.pytorch.ConvTranspose3dImpl;
import org.bytedeco.pytorch.ConvTranspose3dOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Layers and batch normalizations with random parameters and statistics. */
final class FoldingLayers {

  static final long IN = 4;
  static final long OUT = 6;

  private FoldingLayers() {}

  static LongPointer sizes(int dimensions, long size) {
    LongPointer sizes = new LongPointer(dimensions);
    for (int i = 0; i < dimensions; i++) {
      sizes.put(i, size);
    }
    return sizes;
  }

  static Module convolution(int dimensions, boolean bias, long groups, long dilation) {
    LongPointer kernel = sizes(dimensions, 3);
    LongPointer dilations = sizes(dimensions, dilation);
    switch (dimensions) {
      case 1 -> {
        Conv1dOptions options = new Conv1dOptions(IN, OUT, kernel);
        options.bias().put(bias);
        options.groups().put(groups);
        options.dilation().put(dilation);
        options.padding().put(kernel);
        return new Conv1dImpl(options);
      }
      case 2 -> {
        Conv2dOptions options = new Conv2dOptions(IN, OUT, kernel);
        options.bias().put(bias);
        options.groups().put(groups);
        options.dilation().put(dilation, dilation);
        options.padding().put(kernel);
        options.stride().put(2, 1);
        return new Conv2dImpl(options);
      }
      default -> {
        Conv3dOptions options = new Conv3dOptions(IN, OUT, kernel);
        options.bias().put(bias);
        options.groups().put(groups);
        options.dilation().put(dilation, dilation, dilation);
        options.padding().put(kernel);
        return new Conv3dImpl(options);
      }
    }
  }

  static Module transposed(int dimensions, boolean bias, long groups) {
    LongPointer kernel = sizes(dimensions, 3);
    switch (dimensions) {
      case 1 -> {
        ConvTranspose1dOptions options = new ConvTranspose1dOptions(IN, OUT, kernel);
        options.bias().put(bias);
        options.groups().put(groups);
        options.stride().put(2);
        return new ConvTranspose1dImpl(options);
      }
      case 2 -> {
        ConvTranspose2dOptions options = new ConvTranspose2dOptions(IN, OUT, kernel);
        options.bias().put(bias);
        options.groups().put(groups);
        options.stride().put(2, 1);
        return new ConvTranspose2dImpl(options);
      }
      default -> {
        ConvTranspose3dOptions options = new ConvTranspose3dOptions(IN, OUT, kernel);
        options.bias().put(bias);
        options.groups().put(groups);
        return new ConvTranspose3dImpl(options);
      }
    }
  }

  static LinearImpl linear(boolean bias) {
    LinearOptions options = new LinearOptions(IN, OUT);
    options.bias().put(bias);
    return new LinearImpl(options);
  }

  /** In eval mode, with statistics as after training. */
  static Module norm(int dimensions, boolean affine) {
    BatchNormOptions options = new BatchNormOptions(OUT);
    options.affine().put(affine);
    options.eps().put(1e-3);
    try (NoGradGuard noGrad = new NoGradGuard()) {
      switch (dimensions) {
        case 1 -> {
          BatchNorm1dImpl norm = new BatchNorm1dImpl(options);
          randomize(norm.weight(), norm.bias(), norm.running_mean(), norm.running_var());
          norm.eval();
          return norm;
        }
        case 2 -> {
          BatchNorm2dImpl norm = new BatchNorm2dImpl(options);
          randomize(norm.weight(), norm.bias(), norm.running_mean(), norm.running_var());
          norm.eval();
          return norm;
        }
        default -> {
          BatchNorm3dImpl norm = new BatchNorm3dImpl(options);
          randomize(norm.weight(), norm.bias(), norm.running_mean(), norm.running_var());
          norm.eval();
          return norm;
        }
      }
    }
  }

  private static void randomize(Tensor weight, Tensor bias, Tensor mean, Tensor variance) {
    if (weight.defined()) {
      weight.copy_(torch.randn(OUT));
      bias.copy_(torch.randn(OUT));
    }
    mean.copy_(torch.randn(OUT));
    variance.copy_(torch.rand(OUT));
  }

  /** A batch for a layer of a number of dimensions; 0 for a Linear. */
  static Tensor input(int dimensions) {
    long[] shape = new long[2 + dimensions];
    shape[0] = 3;
    shape[1] = IN;
    for (int i = 2; i < shape.length; i++) {
      shape[i] = 7;
    }
    return torch.randn(shape);
  }
}
