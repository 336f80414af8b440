// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

/** Tells for which mode a recording was made. */
final class Modes {

  private Modes() {}

  /**
   * The mode that was traced.
   *
   * @param whenTraining what an operator is told in training
   * @param whenEvaluating what it is told in evaluation
   * @return null if the recording asks for the mode
   */
  static Boolean of(boolean whenTraining, boolean whenEvaluating) {
    if (whenEvaluating && !whenTraining) {
      throw new Unrecognized(
          "does in evaluation what belongs to training, and the other way round");
    }
    return whenTraining == whenEvaluating ? whenTraining : null;
  }
}
