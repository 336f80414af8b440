// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import static dev.octet.quantization.layers.Match.call;
import static dev.octet.quantization.layers.Match.equal;
import static dev.octet.quantization.layers.Match.flag;
import static dev.octet.quantization.layers.Match.input;
import static dev.octet.quantization.layers.Match.real;

import dev.octet.quantization.layers.Term.Apply;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.AlphaDropoutImpl;
import org.bytedeco.pytorch.Dropout2dImpl;
import org.bytedeco.pytorch.Dropout3dImpl;
import org.bytedeco.pytorch.DropoutImpl;
import org.bytedeco.pytorch.DropoutOptions;
import org.bytedeco.pytorch.FeatureAlphaDropoutImpl;
import org.bytedeco.pytorch.Module;

/**
 * Dropout of all kinds. One that was traced in evaluation does nothing as recorded; the module
 * drops again when it is trained, with the recorded probability, as people expect it to.
 */
final class DropoutLayers {

  private DropoutLayers() {}

  static void register(Map<String, Family> families) {
    add(families, "Dropout", "dropout", 0, DropoutImpl::new);
    add(families, "Dropout2d", "feature_dropout", 4, Dropout2dImpl::new);
    add(families, "Dropout3d", "feature_dropout", 5, Dropout3dImpl::new);
    add(families, "AlphaDropout", "alpha_dropout", 0, AlphaDropoutImpl::new);
    add(families, "FeatureAlphaDropout", "feature_alpha_dropout", 0, FeatureAlphaDropoutImpl::new);
  }

  private static void add(
      Map<String, Family> families,
      String name,
      String operator,
      int rank,
      Function<DropoutOptions, Module> constructor) {
    families.put(
        "dropout." + name, recording -> read(recording, "aten::" + operator, rank, constructor));
  }

  private static Blueprint read(
      Recording recording,
      String operator,
      int rank,
      Function<DropoutOptions, Module> constructor) {
    Apply training = dropout(recording, operator, rank, true);
    Apply evaluating = dropout(recording, operator, rank, false);
    double probability = real(training.argument(1), "probability");
    equal(evaluating.argument(1), probability, "probability in evaluation");
    boolean inPlace = training.operator.endsWith("_");
    if (inPlace && operator.contains("alpha")) {
      throw new Unrecognized("works in place, which the presets' module does not");
    }
    return Blueprint.of(
            List.of(probability, inPlace),
            () -> {
              try (DropoutOptions options = new DropoutOptions(probability)) {
                options.inplace().put(inPlace);
                return constructor.apply(options);
              }
            })
        .inMode(Modes.of(flag(training.argument(2), "mode"), flag(evaluating.argument(2), "mode")));
  }

  private static Apply dropout(Recording recording, String operator, int rank, boolean mode) {
    Meaning meaning = recording.meaning(new Assumptions(1, rank, mode));
    Recording.requireNone(meaning.effects());
    Apply dropout = call(meaning.output(), operator, operator + "_");
    input(dropout.argument(0), 0);
    return dropout;
  }
}
