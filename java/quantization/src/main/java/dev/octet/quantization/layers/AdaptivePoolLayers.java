// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.isCall;
import static dev.octet.quantization.layers.Match.number;

import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Input;
import dev.octet.quantization.layers.Term.Item;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.AdaptiveAvgPool1dImpl;
import org.bytedeco.pytorch.AdaptiveAvgPool1dOptions;
import org.bytedeco.pytorch.AdaptiveAvgPool2dImpl;
import org.bytedeco.pytorch.AdaptiveAvgPool3dImpl;
import org.bytedeco.pytorch.AdaptiveMaxPool1dImpl;
import org.bytedeco.pytorch.AdaptiveMaxPool1dOptions;
import org.bytedeco.pytorch.AdaptiveMaxPool2dImpl;
import org.bytedeco.pytorch.AdaptiveMaxPool3dImpl;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Module;

/** Pooling to an output of a given size, or of the input's size in some dimensions. */
final class AdaptivePoolLayers {

  private static final int OPTIONAL_SIZE = 16;
  private static final int HAS_VALUE = 8;

  private AdaptivePoolLayers() {}

  static void register(Map<String, Family> families) {
    average(families, 1, size -> avgPool1d(size.get(0)));
    average(families, 2, size -> withOptionals(size, AdaptiveAvgPool2dImpl::new));
    average(families, 3, size -> withOptionals(size, AdaptiveAvgPool3dImpl::new));
    max(families, 1, size -> maxPool1d(size.get(0)));
    max(families, 2, size -> withOptionals(size, AdaptiveMaxPool2dImpl::new));
    max(families, 3, size -> withOptionals(size, AdaptiveMaxPool3dImpl::new));
  }

  private static void average(
      Map<String, Family> families, int dims, Function<List<Long>, Module> maker) {
    families.put(
        "pooling.AdaptiveAvgPool" + dims + "d",
        recording ->
            read(
                recording.value(1, dims + 2), "aten::adaptive_avg_pool" + dims + "d", dims, maker));
  }

  private static void max(
      Map<String, Family> families, int dims, Function<List<Long>, Module> maker) {
    families.put(
        "pooling.AdaptiveMaxPool" + dims + "d",
        recording -> {
          Object value = recording.value(1, dims + 2);
          if (!(value instanceof Item first) || first.index() != 0) {
            throw new Unrecognized("does not return the maxima alone");
          }
          return read(first.of(), "aten::adaptive_max_pool" + dims + "d", dims, maker);
        });
  }

  private static Blueprint read(
      Object value, String operator, int dims, Function<List<Long>, Module> maker) {
    Apply pool = call(value, operator);
    input(pool.argument(0), 0);
    List<?> given =
        pool.argument(1) instanceof List<?> list && list.size() == dims
            ? list
            : Collections.nCopies(dims, pool.argument(1));
    List<Long> size = new ArrayList<>();
    for (int i = 0; i < dims; i++) {
      boolean kept = dims > 1 && isSizeOfInput(given.get(i), i, dims);
      size.add(kept ? null : (Long) number(given.get(i), "output size"));
    }
    return Blueprint.of(Arrays.asList(size), () -> maker.apply(size));
  }

  /** Whether the size of a dimension is that of the input, counted from the first or the last. */
  private static boolean isSizeOfInput(Object size, int position, int dims) {
    if (!isCall(size, "aten::size")) {
      return false;
    }
    Apply call = (Apply) size;
    return call.argument(0).equals(new Input(0))
        && (call.argument(1).equals(position + 2L)
            || call.argument(1).equals((long) position - dims));
  }

  private static Module avgPool1d(long size) {
    try (LongPointer output = new LongPointer(new long[] {size});
        AdaptiveAvgPool1dOptions options = new AdaptiveAvgPool1dOptions(output)) {
      return new AdaptiveAvgPool1dImpl(options);
    }
  }

  private static Module maxPool1d(long size) {
    try (LongPointer output = new LongPointer(new long[] {size});
        AdaptiveMaxPool1dOptions options = new AdaptiveMaxPool1dOptions(output)) {
      return new AdaptiveMaxPool1dImpl(options);
    }
  }

  /** The presets have no array of std::optional, which is a number and a flag behind it. */
  private static Module withOptionals(List<Long> size, Function<LongOptional, Module> constructor) {
    try (Pointer memory = Pointer.calloc(size.size(), OPTIONAL_SIZE);
        LongPointer numbers = new LongPointer(memory);
        BytePointer flags = new BytePointer(memory)) {
      for (int i = 0; i < size.size(); i++) {
        if (size.get(i) != null) {
          numbers.put((long) i * OPTIONAL_SIZE / Long.BYTES, size.get(i));
          flags.put((long) i * OPTIONAL_SIZE + HAS_VALUE, (byte) 1);
        }
      }
      return constructor.apply(new LongOptional(memory));
    }
  }
}
