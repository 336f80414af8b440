// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.graph.GraphNode;
import dev.octet.quantization.transform.match.MatchedMethod;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Casts that change nothing in a model whose tensors are all of the same 32 or 64 bits. */
final class Casts {

  private Casts() {}

  /** Whether a node casts to 32 or 64 bits, or to the type of another tensor. */
  static boolean isNeedless(GraphNode node, MatchedMethod method) {
    Object type = MatchedMethod.argument(node, "dtype");
    return isWide(type) || isTypeOf(method.producer(type));
  }

  private static boolean isTypeOf(GraphNode node) {
    return "prim::dtype".equals(MatchedMethod.operatorOf(node));
  }

  static boolean isWide(Object type) {
    return type instanceof Long code
        && (code == ScalarType.Float.value || code == ScalarType.Double.value);
  }
}
