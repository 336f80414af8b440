// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.bothOrNone;
import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.own;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.BatchNorm1dImpl;
import org.bytedeco.pytorch.BatchNorm2dImpl;
import org.bytedeco.pytorch.BatchNorm3dImpl;
import org.bytedeco.pytorch.BatchNormOptions;
import org.bytedeco.pytorch.Module;

/** Batch normalization. */
final class BatchNormLayers {

  private static final String COUNT = "num_batches_tracked";

  private BatchNormLayers() {}

  static void register(Map<String, Family> families) {
    families.put("batchnorm.BatchNorm1d", recording -> read(recording, BatchNorm1dImpl::new));
    families.put("batchnorm.BatchNorm2d", recording -> read(recording, BatchNorm2dImpl::new));
    families.put("batchnorm.BatchNorm3d", recording -> read(recording, BatchNorm3dImpl::new));
  }

  private static Blueprint read(
      Recording recording, Function<BatchNormOptions, Module> constructor) {
    Meaning training = recording.meaning(new Assumptions(1, 0, true));
    Meaning evaluating = recording.meaning(new Assumptions(1, 0, false));
    Apply whenTraining = norm(training);
    Apply whenEvaluating = norm(evaluating);
    boolean affine = affine(whenTraining);
    boolean tracks = tracks(whenTraining);
    equal(affine(whenEvaluating), affine, "use of a weight in evaluation");
    equal(tracks(whenEvaluating), tracks, "use of running statistics in evaluation");
    equal(eps(whenEvaluating), eps(whenTraining), "eps in evaluation");
    Boolean mode = mode(flag(whenTraining.argument(5), "mode"), evaluating, tracks);
    counting(training, tracks);
    counting(evaluating, tracks);
    BatchNormArguments arguments =
        new BatchNormArguments(
            features(recording, affine, tracks),
            eps(whenTraining),
            momentum(whenTraining.argument(6), mode),
            affine,
            tracks);
    return arguments
        .withTensors(Blueprint.of(List.of(arguments), () -> make(arguments, constructor)))
        .inMode(mode);
  }

  private static Apply norm(Meaning meaning) {
    Apply norm = call(meaning.output(), "aten::batch_norm");
    input(norm.argument(0), 0);
    return norm;
  }

  private static boolean affine(Apply norm) {
    return bothOrNone(norm.argument(1), "weight", norm.argument(2), "bias");
  }

  private static boolean tracks(Apply norm) {
    return bothOrNone(norm.argument(3), "running_mean", norm.argument(4), "running_var");
  }

  private static double eps(Apply norm) {
    return real(norm.argument(7), "eps");
  }

  /** The mode that was traced; null if the recording asks for it, or is the same in both. */
  private static Boolean mode(boolean whenTraining, Meaning evaluating, boolean tracks) {
    boolean whenEvaluating = flag(norm(evaluating).argument(5), "mode");
    if (!tracks) {
      equal(whenTraining && whenEvaluating, true, "use of the batch's statistics");
      return null;
    }
    return Modes.of(whenTraining, whenEvaluating);
  }

  /** Beside the normalization, only the batches are counted. */
  private static void counting(Meaning meaning, boolean tracks) {
    if (meaning.effects().size() > (tracks ? 1 : 0)) {
      throw new Unrecognized("also does " + meaning.effects().get(0));
    }
    meaning.effects().forEach(BatchNormLayers::count);
  }

  private static void count(Apply effect) {
    Object by = effect;
    if (effect.operator.equals(Meaning.SET)) {
      equal(effect.argument(0), COUNT, "target of a setter");
      by = effect.argument(1);
    }
    Apply sum = call(by, "aten::add_", "aten::add");
    own(sum.argument(0), COUNT);
    equal(sum.argument(1), 1L, "step of its count");
  }

  /**
   * The momentum; null where the average of all batches is kept: the factor is computed from the
   * count in training, and traced as 0 in evaluation.
   */
  private static Double momentum(Object value, Boolean mode) {
    if (value instanceof Term) {
      Apply inverse = call(value, "aten::div", "aten::reciprocal");
      boolean counted = Terms.within(value).stream().anyMatch(BatchNormLayers::isCount);
      if (!counted || inverse.operator.equals("aten::div") && real(inverse.argument(0), "1") != 1) {
        throw new Unrecognized("computes its momentum in another way");
      }
      return null;
    }
    double momentum = real(value, "momentum");
    return momentum == 0 && Boolean.FALSE.equals(mode) ? null : momentum;
  }

  private static boolean isCount(Apply apply) {
    return apply.arguments.stream().anyMatch(new Term.Own(COUNT)::equals);
  }

  static long features(Recording recording, boolean affine, boolean tracks) {
    if (affine || tracks) {
      return recording.shape(affine ? "weight" : "running_mean", 1).get(0);
    }
    return recording.layer().constants().get("num_features") instanceof Long known ? known : 0;
  }

  private static Module make(
      BatchNormArguments arguments, Function<BatchNormOptions, Module> constructor) {
    try (BatchNormOptions options = new BatchNormOptions(arguments.features())) {
      options.eps().put(arguments.eps());
      options.affine().put(arguments.affine());
      options.track_running_stats().put(arguments.tracks());
      if (arguments.momentum() == null) {
        options.momentum().reset();
      } else {
        options.momentum().put(arguments.momentum());
      }
      return constructor.apply(options);
    }
  }
}
