// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import java.util.List;

/** Looks for a way to give every pattern of a list a thing of its own, in any order. */
final class Assignment<P, T> {

  private final List<P> patterns;
  private final List<T> things;
  private final Fit<P, T> fit;
  private final boolean[] taken;

  private Assignment(List<P> patterns, List<T> things, Fit<P, T> fit) {
    this.patterns = patterns;
    this.things = things;
    this.fit = fit;
    taken = new boolean[things.size()];
  }

  static <P, T> boolean exists(List<P> patterns, List<T> things, Fit<P, T> fit, Match match) {
    return patterns.size() == things.size()
        && new Assignment<>(patterns, things, fit).from(0, match);
  }

  private boolean from(int index, Match match) {
    if (index == patterns.size()) {
      return true;
    }
    for (int i = 0; i < things.size(); i++) {
      if (!taken[i] && match.tries(take(index, i), null)) {
        return true;
      }
    }
    return false;
  }

  private ValuePattern take(int index, int thing) {
    return (nothing, match) -> {
      taken[thing] = true;
      boolean found =
          fit.matches(patterns.get(index), things.get(thing), match) && from(index + 1, match);
      taken[thing] = found;
      return found;
    };
  }

  /** Tells whether a thing is as a pattern says. */
  interface Fit<P, T> {
    boolean matches(P pattern, T thing, Match match);
  }
}
