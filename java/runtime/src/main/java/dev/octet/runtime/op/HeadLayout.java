// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.runtime.type.Shape;
import java.util.List;

/** The order of the dimensions of attention's queries, keys and values. */
public enum HeadLayout {
  /** Batch, heads, tokens, size of a head. */
  BHTD,
  /** Batch, tokens, heads, size of a head: how a linear layer's output lies in memory. */
  BTHD;

  /** Returns the sizes in the order BHTD, and BHTD sizes in this order. */
  Shape swap(Shape sizes) {
    return this == BHTD
        ? sizes
        : Shape.of(List.of(sizes.get(0), sizes.get(2), sizes.get(1), sizes.get(3)));
  }

  /** Returns the steps of the dimensions in the order BHTD. */
  long[] strides(long[] stored) {
    return this == BHTD ? stored : new long[] {stored[0], stored[2], stored[1], stored[3]};
  }
}
