// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.tree.ModuleTypes;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.AdaptiveAvgPool2dImpl;
import org.bytedeco.pytorch.AvgPool2dImpl;
import org.bytedeco.pytorch.ConstantPad1dImpl;
import org.bytedeco.pytorch.ConstantPad2dImpl;
import org.bytedeco.pytorch.ELUImpl;
import org.bytedeco.pytorch.GELUImpl;
import org.bytedeco.pytorch.HardtanhImpl;
import org.bytedeco.pytorch.LeakyReLUImpl;
import org.bytedeco.pytorch.LogSoftmaxImpl;
import org.bytedeco.pytorch.MaxPool2dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.PixelShuffleImpl;
import org.bytedeco.pytorch.ReflectionPad1dImpl;
import org.bytedeco.pytorch.ReflectionPad2dImpl;
import org.bytedeco.pytorch.ReplicationPad1dImpl;
import org.bytedeco.pytorch.ReplicationPad2dImpl;
import org.bytedeco.pytorch.SoftmaxImpl;
import org.bytedeco.pytorch.SoftplusImpl;
import org.bytedeco.pytorch.UpsampleImpl;
import org.bytedeco.pytorch.ZeroPad1dImpl;
import org.bytedeco.pytorch.ZeroPad2dImpl;

/** Modules without weights. */
final class PlainModules {
  private static final Map<String, BiFunction<Call, Module, Object>> RULES = new HashMap<>();

  static {
    for (String name :
        List.of(
            "Identity",
            "Dropout",
            "Dropout1d",
            "Dropout2d",
            "Dropout3d",
            "AlphaDropout",
            "FeatureAlphaDropout")) {
      RULES.put(name, (call, module) -> call.value(0));
    }
    RULES.put("ReLU", (call, m) -> ElementwiseRules.clamp(call, 0, Double.POSITIVE_INFINITY));
    RULES.put("ReLU6", (call, m) -> ElementwiseRules.clamp(call, 0, 6));
    RULES.put("SiLU", (call, m) -> ElementwiseRules.unary(call, "silu", 0, 0));
    RULES.put("Sigmoid", (call, m) -> ElementwiseRules.unary(call, "sigmoid", 0, 0));
    RULES.put("Tanh", (call, m) -> ElementwiseRules.unary(call, "tanh", 0, 0));
    RULES.put("Mish", (call, m) -> ElementwiseRules.unary(call, "mish", 0, 0));
    RULES.put("Hardswish", (call, m) -> ElementwiseRules.unary(call, "hardswish", 0, 0));
    RULES.put("Hardsigmoid", (call, m) -> ElementwiseRules.unary(call, "hardsigmoid", 0, 0));
    RULES.put("SELU", (call, m) -> ComposedRules.selu(call));
    RULES.put("LogSigmoid", (call, m) -> ComposedRules.logSigmoid(call));
    RULES.put("Softsign", (call, m) -> ComposedRules.softsign(call));
    for (String name : List.of("Flatten", "Unflatten")) {
      RULES.put(
          name, (call, m) -> ShapeRules.reshape(call, call.value(0), call.name(), call.sizes()));
    }
  }

  private PlainModules() {}

  /**
   * Lowers a call of a module.
   *
   * @throws UnsupportedOperator if programs have nothing for it
   */
  static Object apply(Call call, Module module) {
    if (module instanceof GELUImpl gelu) {
      return ElementwiseRules.gelu(call, gelu.options().approximate().getString());
    }
    if (module instanceof HardtanhImpl limits) {
      return ElementwiseRules.clamp(
          call, limits.options().min_val().get(), limits.options().max_val().get());
    }
    if (module instanceof LeakyReLUImpl leaky) {
      double slope = leaky.options().negative_slope().get();
      return ElementwiseRules.unary(call, "leaky_relu", slope, 0);
    }
    if (module instanceof ELUImpl elu) {
      return ElementwiseRules.unary(call, "elu", elu.options().alpha().get(), 0);
    }
    if (module instanceof SoftmaxImpl softmax) {
      return ElementwiseRules.softmax(call, softmax.options().dim().get());
    }
    if (module instanceof LogSoftmaxImpl softmax) {
      return ComposedRules.logSoftmax(call, softmax.options().dim().get());
    }
    if (module instanceof SoftplusImpl softplus) {
      return ComposedRules.softplus(
          call, softplus.options().beta().get(), softplus.options().threshold().get());
    }
    if (module instanceof PixelShuffleImpl shuffle) {
      return MoveRules.pixelShuffle(call, shuffle.options().upscale_factor().get());
    }
    if (module instanceof UpsampleImpl upsample) {
      return upsample(call, upsample);
    }
    DraftValue padded = padded(call, module);
    if (padded != null) {
      return padded;
    }
    if (module instanceof MaxPool2dImpl pool) {
      return PoolRules.max(
          call,
          pair(pool.options().kernel_size()),
          pair(pool.options().stride()),
          pair(pool.options().padding()),
          pair(pool.options().dilation()),
          pool.options().ceil_mode().get());
    }
    if (module instanceof AvgPool2dImpl pool) {
      return PoolRules.average(
          call,
          pair(pool.options().kernel_size()),
          pair(pool.options().stride()),
          pair(pool.options().padding()),
          pool.options().ceil_mode().get(),
          pool.options().count_include_pad().get(),
          pool.options().divisor_override().has_value()
              ? pool.options().divisor_override().get()
              : 0);
    }
    if (module instanceof AdaptiveAvgPool2dImpl) {
      return PoolRules.adaptiveAverage(call);
    }
    DraftValue composed = ComposedModules.apply(call, module);
    if (composed != null) {
      return composed;
    }
    BiFunction<Call, Module, Object> rule = RULES.get(ModuleTypes.typeName(module));
    if (rule == null) {
      throw new UnsupportedOperator(
          "programs have nothing for a module of this type; they have "
              + Arrays.toString(RULES.keySet().stream().sorted().toArray())
              + ", layers, pools and softmax");
    }
    return rule.apply(call, module);
  }

  private static long[] pair(LongPointer numbers) {
    return new long[] {numbers.get(0), numbers.get(1)};
  }

  private static DraftValue upsample(Call call, UpsampleImpl upsample) {
    if (call.sizes().rank() != 4) {
      throw new UnsupportedOperator(
          "its input has " + call.sizes().rank() + " dimensions; programs take [N, C, H, W]");
    }
    return isNearest(upsample)
        ? ResizeRules.repeat(call, upsample::forward)
        : ResizeRules.resize(call, upsample::forward);
  }

  /** The presets don't map which alternative is set: others throw. */
  private static boolean isNearest(UpsampleImpl upsample) {
    try {
      upsample.options().mode().get0();
      return true;
    } catch (RuntimeException otherAlternative) {
      return false;
    }
  }

  /** Lowers a padding module; null for others. */
  private static DraftValue padded(Call call, Module module) {
    if (module instanceof ZeroPad1dImpl pad) {
      return PaddingRules.pad(call, widths(pad.options().padding(), 1), "constant", 0);
    }
    if (module instanceof ZeroPad2dImpl pad) {
      return PaddingRules.pad(call, widths(pad.options().padding(), 2), "constant", 0);
    }
    if (module instanceof ConstantPad1dImpl pad) {
      double value = pad.options().value().get();
      return PaddingRules.pad(call, widths(pad.options().padding(), 1), "constant", value);
    }
    if (module instanceof ConstantPad2dImpl pad) {
      double value = pad.options().value().get();
      return PaddingRules.pad(call, widths(pad.options().padding(), 2), "constant", value);
    }
    if (module instanceof ReflectionPad1dImpl pad) {
      return PaddingRules.pad(call, widths(pad.options().padding(), 1), "reflect", 0);
    }
    if (module instanceof ReflectionPad2dImpl pad) {
      return PaddingRules.pad(call, widths(pad.options().padding(), 2), "reflect", 0);
    }
    if (module instanceof ReplicationPad1dImpl pad) {
      return PaddingRules.pad(call, widths(pad.options().padding(), 1), "replicate", 0);
    }
    if (module instanceof ReplicationPad2dImpl pad) {
      return PaddingRules.pad(call, widths(pad.options().padding(), 2), "replicate", 0);
    }
    return null;
  }

  private static long[] widths(LongPointer numbers, int dims) {
    long[] widths = new long[2 * dims];
    numbers.get(widths);
    return widths;
  }
}
