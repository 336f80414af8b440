// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.bothOrNone;
import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.InstanceNorm1dImpl;
import org.bytedeco.pytorch.InstanceNorm2dImpl;
import org.bytedeco.pytorch.InstanceNorm3dImpl;
import org.bytedeco.pytorch.InstanceNormOptions;
import org.bytedeco.pytorch.Module;

/** Instance normalization of batches; scripted layers also take a single instance. */
final class InstanceNormLayers {

  private InstanceNormLayers() {}

  static void register(Map<String, Family> families) {
    families.put("instancenorm.InstanceNorm1d", r -> read(r, 3, InstanceNorm1dImpl::new));
    families.put("instancenorm.InstanceNorm2d", r -> read(r, 4, InstanceNorm2dImpl::new));
    families.put("instancenorm.InstanceNorm3d", r -> read(r, 5, InstanceNorm3dImpl::new));
  }

  private static Blueprint read(
      Recording recording, int rank, Function<InstanceNormOptions, Module> constructor) {
    Apply training = norm(recording, rank, true);
    Apply evaluating = norm(recording, rank, false);
    boolean whenTraining = flag(training.argument(5), "use of the input's statistics");
    boolean whenEvaluating = flag(evaluating.argument(5), "use of the input's statistics");
    for (int i = 1; i < 8; i++) {
      if (i != 5) {
        equal(evaluating.argument(i), training.argument(i), "argument " + i + " in evaluation");
      }
    }
    boolean affine = bothOrNone(training.argument(1), "weight", training.argument(2), "bias");
    boolean tracks =
        bothOrNone(training.argument(3), "running_mean", training.argument(4), "running_var");
    if (!tracks) {
      equal(whenTraining && whenEvaluating, true, "use of the input's statistics");
    }
    BatchNormArguments arguments =
        new BatchNormArguments(
            BatchNormLayers.features(recording, affine, tracks),
            real(training.argument(7), "eps"),
            real(training.argument(6), "momentum"),
            affine,
            tracks);
    return arguments
        .withTensors(Blueprint.of(List.of(arguments), () -> make(arguments, constructor)))
        .inMode(tracks ? Modes.of(whenTraining, whenEvaluating) : null);
  }

  private static Apply norm(Recording recording, int rank, boolean training) {
    Meaning meaning = recording.meaning(new Assumptions(1, rank, training));
    Recording.requireNone(meaning.effects());
    Apply norm = call(meaning.output(), "aten::instance_norm");
    input(norm.argument(0), 0);
    return norm;
  }

  private static Module make(
      BatchNormArguments arguments, Function<InstanceNormOptions, Module> constructor) {
    try (InstanceNormOptions options = new InstanceNormOptions(arguments.features())) {
      options.eps().put(arguments.eps());
      options.momentum().put(arguments.momentum());
      options.affine().put(arguments.affine());
      options.track_running_stats().put(arguments.tracks());
      return constructor.apply(options);
    }
  }
}
