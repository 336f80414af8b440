// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import java.util.Locale;

/**
 * How near embeddings are to those of the model in floats.
 *
 * @param meanCosine mean of the cosines of a sentence's two embeddings
 * @param leastCosine the least of them
 * @param sameNearest share of the sentences whose nearest other sentence is the same by both
 */
public record Fidelity(double meanCosine, double leastCosine, double sameNearest) {
  /** Compares embeddings of the same sentences. */
  public static Fidelity of(float[] floats, float[] others, int width) {
    int count = floats.length / width;
    int[] expected = Neighbours.nearestOthers(floats, width);
    int[] actual = Neighbours.nearestOthers(others, width);
    double sum = 0;
    double least = 1;
    int same = 0;
    for (int i = 0; i < count; i++) {
      double cosine = Neighbours.cosine(floats, i, others, i, width);
      sum += cosine;
      least = Math.min(least, cosine);
      same += expected[i] == actual[i] ? 1 : 0;
    }
    return new Fidelity(sum / count, least, (double) same / count);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "mean cosine %.4f, least %.4f, same nearest sentence %.1f %%",
        meanCosine,
        leastCosine,
        100 * sameNearest);
  }
}
