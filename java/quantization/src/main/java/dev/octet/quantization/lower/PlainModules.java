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
import org.bytedeco.pytorch.ELUImpl;
import org.bytedeco.pytorch.GELUImpl;
import org.bytedeco.pytorch.HardtanhImpl;
import org.bytedeco.pytorch.LeakyReLUImpl;
import org.bytedeco.pytorch.MaxPool2dImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.SoftmaxImpl;

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
      if (pool.options().divisor_override().has_value()) {
        throw new UnsupportedOperator("it has a divisor_override");
      }
      return PoolRules.average(
          call,
          pair(pool.options().kernel_size()),
          pair(pool.options().stride()),
          pair(pool.options().padding()),
          pool.options().ceil_mode().get(),
          pool.options().count_include_pad().get());
    }
    if (module instanceof AdaptiveAvgPool2dImpl) {
      return PoolRules.adaptiveAverage(call);
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
}
