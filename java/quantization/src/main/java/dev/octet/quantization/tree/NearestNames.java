// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.tree;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Finds the names that are spelled most alike, for error messages. */
public final class NearestNames {

  private NearestNames() {}

  /**
   * Return the candidates with the smallest edit distance to a name.
   *
   * @param name the name that was not found
   * @param candidates the names there are
   * @param count how many to return at most
   * @return the nearest first; candidates equally near keep their order
   */
  public static List<String> of(String name, Collection<String> candidates, int count) {
    return candidates.stream()
        .map(candidate -> new Ranked(candidate, distance(name, candidate)))
        .sorted(Comparator.comparingInt(Ranked::distance))
        .limit(count)
        .map(Ranked::name)
        .toList();
  }

  private record Ranked(String name, int distance) {}

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
