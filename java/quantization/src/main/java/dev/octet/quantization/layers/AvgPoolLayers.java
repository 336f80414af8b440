// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.numbers;

import dev.octet.quantization.layers.Term.Apply;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.AvgPool1dImpl;
import org.bytedeco.pytorch.AvgPool1dOptions;
import org.bytedeco.pytorch.AvgPool2dImpl;
import org.bytedeco.pytorch.AvgPool2dOptions;
import org.bytedeco.pytorch.AvgPool3dImpl;
import org.bytedeco.pytorch.AvgPool3dOptions;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;

/** Average pooling. */
final class AvgPoolLayers {

  private AvgPoolLayers() {}

  static void register(Map<String, Family> families) {
    families.put("pooling.AvgPool1d", recording -> read(recording, 1, AvgPoolLayers::avgPool1d));
    families.put("pooling.AvgPool2d", recording -> read(recording, 2, AvgPoolLayers::avgPool2d));
    families.put("pooling.AvgPool3d", recording -> read(recording, 3, AvgPoolLayers::avgPool3d));
  }

  private static Blueprint read(Recording recording, int dims, Function<Arguments, Module> maker) {
    Apply pool = call(recording.value(1, dims + 2), "aten::avg_pool" + dims + "d");
    input(pool.argument(0), 0);
    Arguments arguments =
        new Arguments(
            PoolArguments.of(pool.argument(1), pool.argument(2), pool.argument(4), dims),
            numbers(pool.argument(3), dims, "padding"),
            flag(pool.argument(5), "count_include_pad"),
            pool.argument(6) == null ? null : (Long) number(pool.argument(6), "divisor"));
    return Blueprint.of(Arrays.asList(arguments), () -> maker.apply(arguments));
  }

  private static Module avgPool1d(Arguments arguments) {
    try (LongPointer kernel = Shapes.pointer(arguments.pool().kernel());
        AvgPool1dOptions options = new AvgPool1dOptions(kernel)) {
      arguments.pool().put(options.stride(), options.ceil_mode());
      options.padding().put(Shapes.array(arguments.padding()));
      options.count_include_pad().put(arguments.countsPadding());
      return new AvgPool1dImpl(options);
    }
  }

  private static Module avgPool2d(Arguments arguments) {
    try (LongPointer kernel = Shapes.pointer(arguments.pool().kernel());
        AvgPool2dOptions options = new AvgPool2dOptions(kernel)) {
      arguments.pool().put(options.stride(), options.ceil_mode());
      options.padding().put(Shapes.array(arguments.padding()));
      options.count_include_pad().put(arguments.countsPadding());
      divisor(options.divisor_override(), arguments.divisor());
      return new AvgPool2dImpl(options);
    }
  }

  private static Module avgPool3d(Arguments arguments) {
    try (LongPointer kernel = Shapes.pointer(arguments.pool().kernel());
        AvgPool3dOptions options = new AvgPool3dOptions(kernel)) {
      arguments.pool().put(options.stride(), options.ceil_mode());
      options.padding().put(Shapes.array(arguments.padding()));
      options.count_include_pad().put(arguments.countsPadding());
      divisor(options.divisor_override(), arguments.divisor());
      return new AvgPool3dImpl(options);
    }
  }

  private static void divisor(LongOptional option, Long divisor) {
    if (divisor != null) {
      option.put(divisor.longValue());
    }
  }

  /**
   * The arguments.
   *
   * @param pool those of all kinds of pooling
   * @param padding zeros on each side
   * @param countsPadding whether they count
   * @param divisor what sums are divided by; null for the number of elements
   */
  private record Arguments(
      PoolArguments pool, List<Long> padding, boolean countsPadding, Long divisor) {}
}
