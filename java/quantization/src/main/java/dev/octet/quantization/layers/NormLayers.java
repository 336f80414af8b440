// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.bothOrNone;
import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.numbers;
import static dev.octet.quantization.layers.Match.ownOrNone;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.GroupNormImpl;
import org.bytedeco.pytorch.GroupNormOptions;
import org.bytedeco.pytorch.LayerNormImpl;
import org.bytedeco.pytorch.LayerNormOptions;
import org.bytedeco.pytorch.LongVector;

/** LayerNorm and GroupNorm. */
final class NormLayers {

  private static final String WEIGHT = "weight";
  private static final String BIAS = "bias";

  private NormLayers() {}

  static void register(Map<String, Family> families) {
    families.put("normalization.LayerNorm", NormLayers::layerNorm);
    families.put("normalization.GroupNorm", NormLayers::groupNorm);
  }

  private static Blueprint layerNorm(Recording recording) {
    Apply norm = call(recording.value(1), "aten::layer_norm");
    input(norm.argument(0), 0);
    List<?> given = norm.argument(1) instanceof List<?> list ? list : List.of();
    List<Long> shape = numbers(norm.argument(1), Math.max(given.size(), 1), "normalized shape");
    boolean weight = ownOrNone(norm.argument(2), WEIGHT);
    boolean bias = ownOrNone(norm.argument(3), BIAS);
    if (bias && !weight) {
      throw new Unrecognized("has a bias without a weight");
    }
    double eps = real(norm.argument(4), "eps");
    return Blueprint.of(
            List.of(shape, eps, weight, bias),
            () -> {
              try (LongVector sizes = Shapes.vector(shape);
                  LayerNormOptions options = new LayerNormOptions(sizes)) {
                options.eps().put(eps);
                options.elementwise_affine().put(weight);
                return new LayerNormImpl(options);
              }
            })
        .withParameter(WEIGHT, weight)
        .withParameter(BIAS, bias);
  }

  private static Blueprint groupNorm(Recording recording) {
    Apply norm = call(recording.value(1), "aten::group_norm");
    input(norm.argument(0), 0);
    long groups = number(norm.argument(1), "number of groups");
    boolean affine = bothOrNone(norm.argument(2), WEIGHT, norm.argument(3), BIAS);
    double eps = real(norm.argument(4), "eps");
    // Without weights the number of channels is only printed.
    long channels =
        affine
            ? recording.shape(WEIGHT, 1).get(0)
            : recording.layer().constants().get("num_channels") instanceof Long known ? known : 0;
    return Blueprint.of(
            List.of(groups, channels, eps, affine),
            () -> {
              try (GroupNormOptions options = new GroupNormOptions(groups, channels)) {
                options.eps().put(eps);
                options.affine().put(affine);
                return new GroupNormImpl(options);
              }
            })
        .withParameter(WEIGHT, affine)
        .withParameter(BIAS, affine);
  }
}
