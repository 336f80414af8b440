// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.layers;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names a layer after its weight. */
final class LayerNames {

  /**
   * Constants of a frozen program keep the names of their parameters for as long as it is not
   * saved.
   */
  private static final Pattern WEIGHT =
      Pattern.compile("(?:_constant_)?+(?:self[._])?+(.+)[._]weight");

  private static final Pattern SEGMENTS = Pattern.compile("\\w+(?:\\.\\w+)*");

  private LayerNames() {}

  /** The path of the layer; null if the name of the weight says nothing. */
  static String of(String weight) {
    Matcher matcher = WEIGHT.matcher(weight);
    return matcher.matches() && SEGMENTS.matcher(matcher.group(1)).matches()
        ? matcher.group(1)
        : null;
  }
}
