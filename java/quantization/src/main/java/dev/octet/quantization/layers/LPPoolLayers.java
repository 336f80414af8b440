// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.numbers;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.LPPool1dImpl;
import org.bytedeco.pytorch.LPPool1dOptions;
import org.bytedeco.pytorch.LPPool2dImpl;
import org.bytedeco.pytorch.LPPool2dOptions;
import org.bytedeco.pytorch.LPPool3dImpl;
import org.bytedeco.pytorch.LPPool3dOptions;
import org.bytedeco.pytorch.Module;

/** Power-average pooling. */
final class LPPoolLayers {

  private LPPoolLayers() {}

  static void register(Map<String, Family> families) {
    families.put("pooling.LPPool1d", recording -> read(recording, 1, LPPoolLayers::lpPool1d));
    families.put("pooling.LPPool2d", recording -> read(recording, 2, LPPoolLayers::lpPool2d));
    families.put("pooling.LPPool3d", recording -> read(recording, 3, LPPoolLayers::lpPool3d));
  }

  /** (sign(a) * relu(|a|) * n) ^ (1 / p), where a is the average of x ^ p over n elements. */
  private static Blueprint read(Recording recording, int dims, Maker maker) {
    Apply root = call(recording.value(1, dims + 2), "aten::pow");
    Apply sum = call(root.argument(0), "aten::mul");
    Apply product = call(sum.argument(0), "aten::mul");
    Apply sign = call(product.argument(0), "aten::sign");
    Apply size = call(call(product.argument(1), "aten::relu").argument(0), "aten::abs");
    Apply average = call(sign.argument(0), "aten::avg_pool" + dims + "d");
    equal(size.argument(0), average, "second factor");
    Apply power = call(average.argument(0), "aten::pow");
    input(power.argument(0), 0);
    double exponent = real(power.argument(1), "norm_type");
    PoolArguments arguments =
        PoolArguments.of(average.argument(1), average.argument(2), average.argument(4), dims);
    equal(numbers(average.argument(3), dims, "padding"), Collections.nCopies(dims, 0L), "padding");
    equal(average.argument(5), true, "count_include_pad");
    equal(average.argument(6), null, "divisor");
    equal(
        sum.argument(1),
        arguments.kernel().stream().mapToLong(Long::longValue).reduce(1, Math::multiplyExact),
        "size of a window");
    equal(root.argument(1), 1 / exponent, "exponent of the root");
    return Blueprint.of(
        List.of(exponent, arguments),
        () -> {
          try (LongPointer kernel = Shapes.pointer(arguments.kernel())) {
            return maker.make(exponent, kernel, arguments);
          }
        });
  }

  private static Module lpPool1d(double exponent, LongPointer kernel, PoolArguments arguments) {
    try (LPPool1dOptions options = new LPPool1dOptions(exponent, kernel)) {
      arguments.put(options.stride(), options.ceil_mode());
      return new LPPool1dImpl(options);
    }
  }

  private static Module lpPool2d(double exponent, LongPointer kernel, PoolArguments arguments) {
    try (LPPool2dOptions options = new LPPool2dOptions(exponent, kernel)) {
      arguments.put(options.stride(), options.ceil_mode());
      return new LPPool2dImpl(options);
    }
  }

  private static Module lpPool3d(double exponent, LongPointer kernel, PoolArguments arguments) {
    try (LPPool3dOptions options = new LPPool3dOptions(exponent, kernel)) {
      arguments.put(options.stride(), options.ceil_mode());
      return new LPPool3dImpl(options);
    }
  }

  /** Makes the module of one number of dimensions. */
  @FunctionalInterface
  private interface Maker {
    Module make(double exponent, LongPointer kernel, PoolArguments arguments);
  }
}
