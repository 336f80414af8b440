// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

/** Describes an argument of a node and, through the nodes that make it, a part of a graph. */
@FunctionalInterface
public interface ValuePattern {

  /**
   * Try to match.
   *
   * @param argument a value, a constant, or a list of these
   * @param match takes what was found; what a pattern that fails has put there is taken back by
   *     {@link Match#tries}
   * @return whether the argument is as described
   */
  boolean matches(Object argument, Match match);

  /**
   * Try to match a power of a value.
   *
   * @param base the value
   * @param exponent to which power it is raised
   * @param match as for {@link #matches}
   * @return whether the power is as described
   */
  default boolean matchesPower(Object base, double exponent, Match match) {
    return exponent == 1 && matches(base, match);
  }
}
