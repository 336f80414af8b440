// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.golden;

import static java.util.Map.entry;

import java.util.List;
import java.util.Map;

/**
 * Where Octet behaves on purpose otherwise than the reference: the tag of its quirk, why, and what
 * happens instead. The golden tests check that instead, in every case with the tag.
 */
final class Deviations {
  /** The reference keeps the shape in which it views the step after the first input. */
  static final String STALE_VIEW = "stale-view";

  /** The reference adds a dimension to the output for axis -1. */
  static final String NEGATIVE_AXIS = "negative-axis";

  /** The reference can't use a manager that was given a range. */
  static final String MANAGER_WITH_RANGE = "manager-with-range";

  /** In the reference, excluding the root makes the conversion fail. */
  static final String EXCLUDED_ROOT = "excluded-root";

  /** In the reference, names that match no module are ignored. */
  static final String UNKNOWN_NAMES = "unknown-names-ignored";

  /** In the reference, a shared module is converted at its first name only, or twice. */
  static final String SHARED_MODULES = "shared-modules";

  /** In the reference, a converted convolution pads with zeros whatever it padded with before. */
  static final String PADDING_MODE = "padding-mode-ignored";

  /** In the reference, a LayerNorm without weight and bias can't be converted. */
  static final String LAYER_NORM_WITHOUT_AFFINE = "layernorm-without-affine";

  /** The reference calibrates with one batch more than it is told, and takes one more. */
  static final String CALIBRATION_COUNT = "calibration-off-by-one";

  /** In the reference, an input quantizer turns an embedding's indices into floats. */
  static final String EMBEDDING_INPUT = "embedding-input-quantizer";

  /** In the reference, batches that are bare tensors make the calibration fail half-way. */
  static final String CALIBRATION_LOADER = "calibration-loader-type";

  private static final Map<String, String> REASONS =
      Map.ofEntries(
          entry(
              EXCLUDED_ROOT,
              "excluding a module leaves it as it is, and the root is a module: the converted model"
                  + " is a copy of the original"),
          entry(
              UNKNOWN_NAMES,
              "a name that matches nothing is a mistake that would go unnoticed: it is an error"
                  + " which lists the nearest names; the map without it does what was recorded"),
          entry(
              SHARED_MODULES,
              "whoever shares a module wants one: it is converted once and stays shared, wherever"
                  + " the map says the same of its paths"),
          entry(
              PADDING_MODE,
              "other values at the borders are another layer: the original's padding mode is kept"),
          entry(
              LAYER_NORM_WITHOUT_AFFINE,
              "such a layer has no weight to quantize but an output: that is quantized"),
          entry(
              CALIBRATION_COUNT,
              "as many batches are used as one asks for; with one more the recorded ranges result"),
          entry(
              EMBEDDING_INPUT,
              "indices have no grid, and the model fails at its first batch: the conversion is"
                  + " refused, in words"),
          entry(
              CALIBRATION_LOADER,
              "tensors are the usual batches of a model with one input: they are taken"),
          entry(
              STALE_VIEW,
              "a result that depends on the shape of an earlier input is wrong; the steps lie along"
                  + " the channel axis of every input"),
          entry(
              NEGATIVE_AXIS,
              "everywhere else in PyTorch a negative axis counts from the last; so it does here,"
                  + " and the output has the shape of the input"),
          entry(
              MANAGER_WITH_RANGE,
              "a manager with a given range is there to be used: forward quantizes with that range;"
                  + " resetting it still fails, for there is nothing to estimate it anew with"));

  private Deviations() {}

  /** Tells whether a case shows one of the quirks that are not followed. */
  static boolean applies(String tag, List<String> quirks) {
    if (!REASONS.containsKey(tag)) {
      throw new AssertionError("no deviation '" + tag + "' is declared");
    }
    return quirks.contains(tag);
  }

  /** Tells whether a quirk is not followed. */
  static boolean isReplaced(String tag) {
    return REASONS.containsKey(tag);
  }

  /** Returns why a quirk is not followed. */
  static String reason(String tag) {
    return REASONS.get(tag);
  }
}
