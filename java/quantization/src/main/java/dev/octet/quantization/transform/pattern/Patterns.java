// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import java.util.List;

/** The patterns that Octet brings along. */
public final class Patterns {

  private Patterns() {}

  /**
   * Return all patterns, in the order in which they are tried.
   *
   * @return an unmodifiable list
   */
  public static List<Pattern> all() {
    return List.of(
        GeluPattern.exact(),
        GeluPattern.tanh(),
        new SiluPattern(),
        new LayerNormPattern(),
        new RmsNormPattern(),
        new NormAffinePattern(),
        new AttentionPattern());
  }
}
