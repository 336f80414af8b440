// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.numbers;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.pytorch.MaxPool1dImpl;
import org.bytedeco.pytorch.MaxPool1dOptions;
import org.bytedeco.pytorch.MaxPool2dImpl;
import org.bytedeco.pytorch.MaxPool2dOptions;
import org.bytedeco.pytorch.MaxPool3dImpl;
import org.bytedeco.pytorch.MaxPool3dOptions;
import org.bytedeco.pytorch.Module;

/** Max pooling that returns no indices. */
final class MaxPoolLayers {

  private MaxPoolLayers() {}

  static void register(Map<String, Family> families) {
    families.put("pooling.MaxPool1d", recording -> read(recording, 1, MaxPoolLayers::maxPool1d));
    families.put("pooling.MaxPool2d", recording -> read(recording, 2, MaxPoolLayers::maxPool2d));
    families.put("pooling.MaxPool3d", recording -> read(recording, 3, MaxPoolLayers::maxPool3d));
  }

  private static Blueprint read(Recording recording, int dims, Maker maker) {
    Apply pool = call(recording.value(1, dims + 2), "aten::max_pool" + dims + "d");
    input(pool.argument(0), 0);
    PoolArguments arguments =
        PoolArguments.of(pool.argument(1), pool.argument(2), pool.argument(5), dims);
    List<Long> padding = numbers(pool.argument(3), dims, "padding");
    List<Long> dilation = numbers(pool.argument(4), dims, "dilation");
    return Blueprint.of(
        List.of(arguments, padding, dilation),
        () -> {
          try (LongPointer kernel = Shapes.pointer(arguments.kernel())) {
            return maker.make(arguments, kernel, Shapes.array(padding), Shapes.array(dilation));
          }
        });
  }

  private static Module maxPool1d(
      PoolArguments arguments, LongPointer kernel, long[] padding, long[] dilation) {
    try (MaxPool1dOptions options = new MaxPool1dOptions(kernel)) {
      arguments.put(options.stride(), options.ceil_mode());
      options.padding().put(padding);
      options.dilation().put(dilation);
      return new MaxPool1dImpl(options);
    }
  }

  private static Module maxPool2d(
      PoolArguments arguments, LongPointer kernel, long[] padding, long[] dilation) {
    try (MaxPool2dOptions options = new MaxPool2dOptions(kernel)) {
      arguments.put(options.stride(), options.ceil_mode());
      options.padding().put(padding);
      options.dilation().put(dilation);
      return new MaxPool2dImpl(options);
    }
  }

  private static Module maxPool3d(
      PoolArguments arguments, LongPointer kernel, long[] padding, long[] dilation) {
    try (MaxPool3dOptions options = new MaxPool3dOptions(kernel)) {
      arguments.put(options.stride(), options.ceil_mode());
      options.padding().put(padding);
      options.dilation().put(dilation);
      return new MaxPool3dImpl(options);
    }
  }

  /** Makes the module of one number of dimensions. */
  @FunctionalInterface
  private interface Maker {
    Module make(PoolArguments arguments, LongPointer kernel, long[] padding, long[] dilation);
  }
}
