// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import org.bytedeco.pytorch.AdaptiveAvgPool1dImpl;
import org.bytedeco.pytorch.AdaptiveMaxPool1dImpl;
import org.bytedeco.pytorch.AdaptiveMaxPool2dImpl;
import org.bytedeco.pytorch.AvgPool1dImpl;
import org.bytedeco.pytorch.CELUImpl;
import org.bytedeco.pytorch.CosineSimilarityImpl;
import org.bytedeco.pytorch.GLUImpl;
import org.bytedeco.pytorch.HardshrinkImpl;
import org.bytedeco.pytorch.MaxPool1dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PairwiseDistanceImpl;
import org.bytedeco.pytorch.PixelUnshuffleImpl;
import org.bytedeco.pytorch.RReLUImpl;
import org.bytedeco.pytorch.Softmax2dImpl;
import org.bytedeco.pytorch.SoftshrinkImpl;
import org.bytedeco.pytorch.ThresholdImpl;

/** Modules for which programs have no operation of their own, as their operators are lowered. */
final class ComposedModules {
  private ComposedModules() {}

  /** Lowers a call of a module; null for others. */
  static DraftValue apply(Call call, Module module) {
    if (module instanceof GLUImpl glu) {
      return ShapedActivationRules.gated(call, glu.options().dim().get());
    }
    if (module instanceof CELUImpl celu) {
      return ShapedActivationRules.celu(call, celu.options().alpha().get());
    }
    if (module instanceof ThresholdImpl threshold) {
      return ShapedActivationRules.threshold(
          call, threshold.options().threshold().get(), threshold.options().value().get());
    }
    if (module instanceof HardshrinkImpl shrink) {
      return ShapedActivationRules.hardShrink(call, shrink.options().lambda().get());
    }
    if (module instanceof SoftshrinkImpl shrink) {
      return ShapedActivationRules.softShrink(call, shrink.options().lambda().get());
    }
    if (module instanceof RReLUImpl random) {
      double slope = (random.options().lower().get() + random.options().upper().get()) / 2;
      return ElementwiseRules.unary(call, "leaky_relu", slope, 0);
    }
    if (module instanceof Softmax2dImpl) {
      return ElementwiseRules.softmax(call, -3);
    }
    if (module instanceof PixelUnshuffleImpl shuffle) {
      return MoveRules.pixelUnshuffle(call, shuffle.options().downscale_factor().get());
    }
    if (module instanceof CosineSimilarityImpl cosine) {
      return DistanceRules.cosineSimilarity(
          call, cosine.options().dim().get(), cosine.options().eps().get());
    }
    if (module instanceof PairwiseDistanceImpl distance) {
      return DistanceRules.pairwiseDistance(
          call,
          distance.options().p().get(),
          distance.options().eps().get(),
          distance.options().keepdim().get());
    }
    return pool(call, module);
  }

  private static DraftValue pool(Call call, Module module) {
    if (module instanceof MaxPool1dImpl pool) {
      return SignalPoolRules.max(
          call,
          pool.options().kernel_size().get(0),
          pool.options().stride().get(0),
          pool.options().padding().get(0),
          pool.options().dilation().get(0),
          pool.options().ceil_mode().get());
    }
    if (module instanceof AvgPool1dImpl pool) {
      return SignalPoolRules.average(
          call,
          pool.options().kernel_size().get(0),
          pool.options().stride().get(0),
          pool.options().padding().get(0),
          pool.options().ceil_mode().get(),
          pool.options().count_include_pad().get());
    }
    if (module instanceof AdaptiveAvgPool1dImpl) {
      return SignalPoolRules.adaptiveAverage(call);
    }
    boolean max =
        module instanceof AdaptiveMaxPool1dImpl || module instanceof AdaptiveMaxPool2dImpl;
    return max ? SignalPoolRules.adaptiveMax(call) : null;
  }
}
