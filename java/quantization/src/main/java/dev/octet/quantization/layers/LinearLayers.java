// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.isCall;
import static dev.octet.quantization.layers.Match.own;
import static dev.octet.quantization.layers.Match.ownOrNone;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.BilinearImpl;
import org.bytedeco.pytorch.BilinearOptions;
import org.bytedeco.pytorch.IdentityImpl;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.LinearOptions;

/** Linear, Bilinear and Identity. */
final class LinearLayers {

  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  private LinearLayers() {}

  static void register(Map<String, Family> families) {
    families.put("linear.Linear", recording -> linear(recording, LinearImpl::new));
    families.put(
        "linear.NonDynamicallyQuantizableLinear",
        recording -> linear(recording, NonDynamicallyQuantizableLinear::new));
    families.put("linear.Bilinear", LinearLayers::bilinear);
    families.put("linear.Identity", LinearLayers::identity);
  }

  private static Blueprint linear(
      Recording recording, Function<LinearOptions, LinearImpl> constructor) {
    boolean bias = recording.isCalled() ? linearHasBias(recording.value(1)) : recording.has(BIAS);
    List<Long> shape = recording.shape(WEIGHT, 2);
    if (bias) {
      recording.requireShape(BIAS, shape.get(0));
    }
    return Blueprint.of(
            List.of(shape, bias),
            () -> {
              try (LinearOptions options = new LinearOptions(1, 1)) {
                options.bias().put(bias);
                LinearImpl made = constructor.apply(options);
                made.options().in_features().put(shape.get(1));
                made.options().out_features().put(shape.get(0));
                return made;
              }
            })
        .withParameter(WEIGHT, true)
        .withParameter(BIAS, bias);
  }

  /** Match a linear layer in one of its forms; versions before 1.8 wrote it as a product. */
  private static boolean linearHasBias(Object value) {
    if (isCall(value, "aten::linear")) {
      Apply linear = (Apply) value;
      input(linear.argument(0), 0);
      own(linear.argument(1), WEIGHT);
      return ownOrNone(linear.argument(2), BIAS);
    }
    if (isCall(value, "aten::addmm")) {
      Apply addmm = (Apply) value;
      own(addmm.argument(0), BIAS);
      input(addmm.argument(1), 0);
      transposedWeight(addmm.argument(2));
      equal(addmm.argument(3), 1L, "beta");
      equal(addmm.argument(4), 1L, "alpha");
      return true;
    }
    if (isCall(value, "aten::add") || isCall(value, "aten::add_")) {
      Apply add = (Apply) value;
      product(add.argument(0));
      own(add.argument(1), BIAS);
      equal(add.argument(2), 1L, "alpha");
      return true;
    }
    product(value);
    return false;
  }

  private static void product(Object value) {
    Apply product = call(value, "aten::linear", "aten::matmul", "aten::mm");
    input(product.argument(0), 0);
    transposedWeight(product.argument(1));
  }

  private static void transposedWeight(Object value) {
    Apply transposed = call(value, "aten::t", "aten::transpose", "aten::numpy_T");
    own(transposed.argument(0), WEIGHT);
    if (transposed.operator.equals("aten::transpose")) {
      equal(transposed.argument(1), 0L, "dimension");
      equal(transposed.argument(2), 1L, "dimension");
    }
  }

  private static Blueprint bilinear(Recording recording) {
    Apply bilinear = call(recording.value(2), "aten::bilinear");
    input(bilinear.argument(0), 0);
    input(bilinear.argument(1), 1);
    own(bilinear.argument(2), WEIGHT);
    boolean bias = ownOrNone(bilinear.argument(3), BIAS);
    List<Long> shape = recording.shape(WEIGHT, 3);
    return Blueprint.of(
            List.of(shape, bias),
            () -> {
              try (BilinearOptions options = new BilinearOptions(1, 1, 1)) {
                options.bias().put(bias);
                BilinearImpl made = new BilinearImpl(options);
                made.options().in1_features().put(shape.get(1));
                made.options().in2_features().put(shape.get(2));
                made.options().out_features().put(shape.get(0));
                return made;
              }
            })
        .withParameter(WEIGHT, true)
        .withParameter(BIAS, bias);
  }

  private static Blueprint identity(Recording recording) {
    if (recording.isCalled() && recording.call().inputs().isEmpty()) {
      equal(recording.value(0), null, "result");
      return Blueprint.of(List.of(false), TracedIdentity::new);
    }
    if (recording.isCalled()) {
      input(recording.value(1), 0);
    }
    return Blueprint.of(List.of(true), IdentityImpl::new);
  }
}
