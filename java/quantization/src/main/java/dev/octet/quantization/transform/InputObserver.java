// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform;

import dev.octet.quantization.config.QuantizationConfig;
import dev.octet.quantization.config.QuantizedModuleType;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Puts layers in place of Linear ones that note how large their inputs are, feature by feature. */
final class InputObserver implements QuantizedModuleType {
  private final Map<String, Observed> layers = new HashMap<>();

  /** A layer that computes what the original does. */
  private static final class Observed extends LinearImpl {
    private double[] greatest;

    Observed(LinearImpl original) {
      super(original.options());
      try (Tensor weight = weight();
          Tensor bias = bias();
          Tensor originalWeight = original.weight();
          Tensor originalBias = original.bias()) {
        weight.set_data(originalWeight);
        if (bias.defined()) {
          bias.set_data(originalBias);
        }
      }
    }

    @Override
    public Tensor forward(Tensor input) {
      try (NoGradGuard noGrad = new NoGradGuard();
          Tensor rows = input.reshape(-1, input.size(-1));
          Tensor sizes = rows.abs()) {
        if (rows.size(0) > 0) {
          try (Tensor found = sizes.amax(new long[] {0}, false)) {
            greatest = largest(greatest, doubles(found));
          }
        }
      }
      return super.forward(input);
    }
  }

  @Override
  public String name() {
    return "ObservedLinear";
  }

  @Override
  public Module quantize(Module original, QuantizationConfig config, String path) {
    if (!(original instanceof LinearImpl linear)) {
      throw new IllegalArgumentException(
          "module '"
              + path
              + "' is a "
              + original.getClass().getSimpleName()
              + "; smoothing takes Linear layers");
    }
    Observed observed = new Observed(linear);
    layers.put(path, observed);
    return observed;
  }

  /**
   * Returns the largest magnitude of every input feature of a layer.
   *
   * @throws IllegalArgumentException if it was not called
   */
  double[] greatest(String path) {
    double[] greatest = layers.get(path).greatest;
    if (greatest == null) {
      throw new IllegalArgumentException(
          "the batches never reached module '" + path + "'; give some that run it");
    }
    return greatest;
  }

  /** Returns the larger ones of two arrays; the second where there is no first. */
  static double[] largest(double[] a, double[] b) {
    if (a == null) {
      return b;
    }
    double[] largest = new double[a.length];
    for (int i = 0; i < a.length; i++) {
      largest[i] = Math.max(a[i], b[i]);
    }
    return largest;
  }

  /** Returns the elements of a tensor. */
  static double[] doubles(Tensor tensor) {
    try (Tensor wide = tensor.to(ScalarType.Double);
        Tensor compact = wide.contiguous()) {
      double[] elements = new double[(int) compact.numel()];
      compact.data_ptr_double().get(elements);
      return elements;
    }
  }
}
