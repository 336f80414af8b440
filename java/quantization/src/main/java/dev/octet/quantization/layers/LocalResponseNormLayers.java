// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.isCall;
import static dev.octet.quantization.layers.Match.numbers;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import dev.octet.quantization.layers.Term.Input;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LocalResponseNormImpl;
import org.bytedeco.pytorch.LocalResponseNormOptions;

/** Local response normalization: x / (k + alpha * the average of x^2 over channels) ^ beta. */
final class LocalResponseNormLayers {

  private static final int SEQUENCE = 3;
  private static final int IMAGE = 4;

  private LocalResponseNormLayers() {}

  static void register(Map<String, Family> families) {
    families.put("normalization.LocalResponseNorm", LocalResponseNormLayers::read);
  }

  /** It is written in one way for sequences and in another for images; tracing records one. */
  private static Blueprint read(Recording recording) {
    Object image = recording.value(1, IMAGE);
    Object sequence = recording.value(1, SEQUENCE);
    boolean traced = image.equals(sequence);
    Arguments arguments =
        traced && isSequence(image) ? arguments(image, SEQUENCE) : arguments(image, IMAGE);
    if (!traced) {
      equal(arguments(sequence, SEQUENCE), arguments, "arguments for sequences");
    }
    return Blueprint.of(
        List.of(arguments),
        () -> {
          try (LocalResponseNormOptions options = new LocalResponseNormOptions(arguments.size())) {
            options.alpha().put(arguments.alpha());
            options.beta().put(arguments.beta());
            options.k().put(arguments.k());
            return new LocalResponseNormImpl(options);
          }
        });
  }

  private static boolean isSequence(Object value) {
    return Terms.within(value).stream().anyMatch(apply -> isCall(apply, "aten::avg_pool2d"));
  }

  private static Arguments arguments(Object value, int rank) {
    Apply quotient = call(value, "aten::div");
    input(quotient.argument(0), 0);
    equal(quotient.argument(2), null, "rounding");
    Apply power = call(quotient.argument(1), "aten::pow");
    Apply sum = call(power.argument(0), "aten::add");
    equal(sum.argument(2), 1L, "factor of k");
    Apply product = call(sum.argument(0), "aten::mul");
    long size = rank == SEQUENCE ? ofSequence(product.argument(0)) : ofImage(product.argument(0));
    return new Arguments(
        size,
        real(product.argument(1), "alpha"),
        real(power.argument(1), "beta"),
        real(sum.argument(1), "k"));
  }

  private static long ofSequence(Object value) {
    Apply pool = pooled(value, "aten::avg_pool2d");
    Padding padding = Padding.of(pool.argument(0), 2);
    squares(padding.of());
    return size(pool, padding, 2);
  }

  private static long ofImage(Object value) {
    Apply restored = call(value, "aten::view");
    equal(sizes(restored), Collections.nCopies(IMAGE, null), "shape of the result");
    Apply pool = pooled(restored.argument(0), "aten::avg_pool3d");
    Padding padding = Padding.of(pool.argument(0), 3);
    Apply view = call(padding.of(), "aten::view");
    List<Object> expected = new ArrayList<>(Collections.nCopies(3, null));
    expected.add(1, 1L);
    expected.add(-1L);
    equal(sizes(view), expected, "shape of the windows");
    squares(view.argument(0));
    return size(pool, padding, 3);
  }

  /** The sizes of a view, null for those of the input in their order. */
  private static List<Object> sizes(Apply view) {
    if (!(view.argument(1) instanceof List<?> given)) {
      throw new Unrecognized("has a shape that is not known");
    }
    List<Object> sizes = new ArrayList<>();
    long next = 0;
    for (Object size : given) {
      boolean ofInput =
          isCall(size, "aten::size")
              && ((Apply) size).argument(0).equals(new Input(0))
              && ((Apply) size).argument(1).equals(next);
      next += ofInput ? 1 : 0;
      sizes.add(ofInput ? null : size);
    }
    return sizes;
  }

  private static Apply pooled(Object value, String operator) {
    Apply squeeze = call(value, "aten::squeeze");
    equal(squeeze.argument(1), 1L, "dimension");
    return call(squeeze.argument(0), operator);
  }

  /** The squares of the input, with a dimension for the channels alone. */
  private static void squares(Object value) {
    Object of = value;
    if (isCall(value, "aten::unsqueeze")) {
      equal(((Apply) value).argument(1), 1L, "dimension");
      of = ((Apply) value).argument(0);
    }
    Apply square = call(of, "aten::mul");
    input(square.argument(0), 0);
    input(square.argument(1), 0);
  }

  private static long size(Apply pool, Padding padding, int dims) {
    List<Long> kernel = numbers(pool.argument(1), dims, "kernel");
    long size = kernel.get(0);
    List<Long> expected = new ArrayList<>(Collections.nCopies(dims, 1L));
    expected.set(0, size);
    equal(kernel, expected, "kernel");
    List<Long> widths = new ArrayList<>(Collections.nCopies(2 * dims, 0L));
    widths.set(2 * dims - 2, size / 2);
    widths.set(2 * dims - 1, (size - 1) / 2);
    equal(padding.widths(), widths, "padding");
    equal(padding.mode(), "constant", "padding mode");
    equal(padding.value(), 0.0, "padding value");
    equal(numbers(pool.argument(2), dims, "stride"), Collections.nCopies(dims, 1L), "stride");
    equal(numbers(pool.argument(3), dims, "padding"), Collections.nCopies(dims, 0L), "padding");
    equal(flag(pool.argument(4), "ceil_mode"), false, "ceil_mode");
    equal(flag(pool.argument(5), "count_include_pad"), true, "count_include_pad");
    equal(pool.argument(6), null, "divisor");
    return size;
  }

  /**
   * The arguments, as torch.nn names them.
   *
   * @param size number of channels
   * @param alpha factor of the average
   * @param beta the exponent
   * @param k summand
   */
  private record Arguments(long size, double alpha, double beta, double k) {}
}
