// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.numbers;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.bytedeco.pytorch.DoubleVector;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.UpsampleImpl;
import org.bytedeco.pytorch.UpsampleMode;
import org.bytedeco.pytorch.UpsampleOptions;
import org.bytedeco.pytorch.kBicubic;
import org.bytedeco.pytorch.kBilinear;
import org.bytedeco.pytorch.kLinear;
import org.bytedeco.pytorch.kNearest;
import org.bytedeco.pytorch.kTrilinear;

/** Upsample. */
final class UpsampleLayers {

  private static final int LOWEST_RANK = 3;
  private static final int HIGHEST_RANK = 5;
  private static final String NEAREST = "nearest";

  private UpsampleLayers() {}

  static void register(Map<String, Family> families) {
    families.put("upsampling.Upsample", UpsampleLayers::upsample);
  }

  /** Scripted layers choose the operator by the rank of the input; it has to be the only choice. */
  private static Blueprint upsample(Recording recording) {
    Set<Arguments> found = new LinkedHashSet<>();
    Unrecognized first = null;
    for (int rank = LOWEST_RANK; rank <= HIGHEST_RANK; rank++) {
      try {
        found.add(arguments(recording, rank));
      } catch (Unrecognized e) {
        first = first == null ? e : first;
      }
    }
    if (found.isEmpty()) {
      throw first;
    }
    if (found.size() > 1) {
      throw new Unrecognized(
          "takes inputs of several ranks, while the presets' module is made for one");
    }
    Arguments arguments = found.iterator().next();
    return Blueprint.of(List.of(arguments), () -> make(arguments));
  }

  private static Arguments arguments(Recording recording, int rank) {
    Object value = recording.value(1, rank);
    String[] operators =
        rank == LOWEST_RANK + 1
            ? names(rank, NEAREST, "bilinear", "bicubic")
            : names(rank, NEAREST, rank == LOWEST_RANK ? "linear" : "trilinear");
    Apply upsample = call(value, operators);
    input(upsample.argument(0), 0);
    String mode = upsample.operator.substring("aten::upsample_".length());
    mode = mode.substring(0, mode.length() - "2d".length());
    boolean aligns = !mode.equals(NEAREST);
    Object size = upsample.argument(1);
    List<Object> rest = upsample.arguments.subList(aligns ? 3 : 2, upsample.arguments.size());
    Object scales = rest.get(0);
    // There is a form with a list of scales, and one with a scale for each dimension.
    if (scales != null && !(scales instanceof List<?>)
        || !rest.stream().skip(1).allMatch(Objects::isNull)) {
      throw new Unrecognized("gives its scales one by one");
    }
    int dims = rank - 2;
    return new Arguments(
        mode,
        size == null ? null : numbers(size, dims, "size"),
        scales == null ? null : scales((List<?>) scales, dims),
        aligns ? (Boolean) flag(upsample.argument(2), "align_corners") : null);
  }

  private static String[] names(int rank, String... modes) {
    return Arrays.stream(modes)
        .map(mode -> "aten::upsample_" + mode + (rank - 2) + "d")
        .toArray(String[]::new);
  }

  private static List<Double> scales(List<?> scales, int dims) {
    if (scales.size() != dims) {
      throw new Unrecognized("has " + scales.size() + " scales for " + dims + " dimensions");
    }
    return scales.stream().map(scale -> real(scale, "scale")).toList();
  }

  private static UpsampleImpl make(Arguments arguments) {
    try (UpsampleOptions options = new UpsampleOptions()) {
      if (arguments.size() != null) {
        try (LongVector size = Shapes.vector(arguments.size())) {
          options.size().put(size);
        }
      }
      if (arguments.scales() != null) {
        double[] values = arguments.scales().stream().mapToDouble(Double::doubleValue).toArray();
        try (DoubleVector scales = new DoubleVector(values)) {
          options.scale_factor().put(scales);
        }
      }
      if (arguments.alignCorners() != null) {
        options.align_corners().put(arguments.alignCorners().booleanValue());
      }
      mode(options.mode(), arguments.mode());
      return new UpsampleImpl(options);
    }
  }

  private static void mode(UpsampleMode mode, String name) {
    switch (name) {
      case "linear" -> mode.put(new kLinear());
      case "bilinear" -> mode.put(new kBilinear());
      case "bicubic" -> mode.put(new kBicubic());
      case "trilinear" -> mode.put(new kTrilinear());
      default -> mode.put(new kNearest());
    }
  }

  /**
   * The arguments.
   *
   * @param mode as torch names it
   * @param size of the output; null if there are scales
   * @param scales of the output; null if there is a size
   * @param alignCorners null where the mode has no such choice
   */
  private record Arguments(
      String mode, List<Long> size, List<Double> scales, Boolean alignCorners) {}
}
