// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.transform.match.MatchedMethod;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Casts that an operator with exact sums inside makes needless. */
final class Casts {

  private Casts() {}

  /** Whether a node casts to 32 or 64 bits. */
  static boolean keepsPrecision(GraphNode node) {
    return isWide(MatchedMethod.argument(node, "dtype"));
  }

  static boolean isWide(Object type) {
    return type instanceof Long code
        && (code == ScalarType.Float.value || code == ScalarType.Double.value);
  }
}
