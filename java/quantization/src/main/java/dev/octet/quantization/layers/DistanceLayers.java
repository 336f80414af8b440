// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.number;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.CosineSimilarityImpl;
import org.bytedeco.pytorch.CosineSimilarityOptions;
import org.bytedeco.pytorch.PairwiseDistanceImpl;
import org.bytedeco.pytorch.PairwiseDistanceOptions;

/** Distances of two tensors. */
final class DistanceLayers {

  private DistanceLayers() {}

  static void register(Map<String, Family> families) {
    families.put("distance.CosineSimilarity", DistanceLayers::cosineSimilarity);
    families.put("distance.PairwiseDistance", DistanceLayers::pairwiseDistance);
  }

  private static Apply ofInputs(Recording recording, String operator) {
    Apply call = call(recording.value(2), operator);
    input(call.argument(0), 0);
    input(call.argument(1), 1);
    return call;
  }

  private static Blueprint cosineSimilarity(Recording recording) {
    Apply similarity = ofInputs(recording, "aten::cosine_similarity");
    long dim = number(similarity.argument(2), "dimension");
    double eps = real(similarity.argument(3), "eps");
    return Blueprint.of(
        List.of(dim, eps),
        () -> {
          try (CosineSimilarityOptions options = new CosineSimilarityOptions()) {
            options.dim().put(dim);
            options.eps().put(eps);
            return new CosineSimilarityImpl(options);
          }
        });
  }

  private static Blueprint pairwiseDistance(Recording recording) {
    Apply distance = ofInputs(recording, "aten::pairwise_distance");
    double p = real(distance.argument(2), "exponent");
    double eps = real(distance.argument(3), "eps");
    boolean keepDim = flag(distance.argument(4), "keepdim");
    return Blueprint.of(
        List.of(p, eps, keepDim),
        () -> {
          try (PairwiseDistanceOptions options = new PairwiseDistanceOptions()) {
            options.p().put(p);
            options.eps().put(eps);
            options.keepdim().put(keepDim);
            return new PairwiseDistanceImpl(options);
          }
        });
  }
}
