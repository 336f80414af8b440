// SPDX-License-Identifier: Apache-2.0
package dev.octet.examples.embeddings;

import java.util.stream.IntStream;

/** Search among embeddings, which are vectors of length 1, one after the other in an array. */
public final class Neighbours {
  private Neighbours() {}

  /** Returns the cosine of two embeddings, by their numbers in two arrays. */
  public static double cosine(float[] a, int i, float[] b, int j, int width) {
    double sum = 0;
    for (int k = 0; k < width; k++) {
      sum += (double) a[i * width + k] * b[j * width + k];
    }
    return sum;
  }

  /** Returns the numbers of the embeddings nearest to one, nearest first. */
  public static int[] nearest(float[] embeddings, float[] query, int width, int count) {
    double[] cosines =
        IntStream.range(0, embeddings.length / width)
            .mapToDouble(i -> cosine(embeddings, i, query, 0, width))
            .toArray();
    return IntStream.range(0, cosines.length)
        .boxed()
        .sorted((i, j) -> Double.compare(cosines[j], cosines[i]))
        .limit(count)
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Returns for every embedding the number of the nearest other one. */
  public static int[] nearestOthers(float[] embeddings, int width) {
    int count = embeddings.length / width;
    int[] nearest = new int[count];
    for (int i = 0; i < count; i++) {
      double best = Double.NEGATIVE_INFINITY;
      for (int j = 0; j < count; j++) {
        double cosine = cosine(embeddings, i, embeddings, j, width);
        if (j != i && cosine > best) {
          best = cosine;
          nearest[i] = j;
        }
      }
    }
    return nearest;
  }
}
