// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.match;

import java.util.List;

/**
 * Describes something by alternatives.
 *
 * @param patterns the first that matches is taken
 */
record Alternatives(List<ValuePattern> patterns) implements ValuePattern {

  @Override
  public boolean matches(Object argument, Match match) {
    for (ValuePattern pattern : patterns) {
      if (match.tries(pattern, argument)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public boolean matchesPower(Object base, double exponent, Match match) {
    for (ValuePattern pattern : patterns) {
      if (match.tries((value, tried) -> pattern.matchesPower(value, exponent, tried), base)) {
        return true;
      }
    }
    return false;
  }
}
