// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.transform.pattern;

import dev.octet.quantization.transform.match.MatchedMethod;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The reshapes by which products of [b * h, n, m] become scores of [b, h, n, m], to which masks are
 * added, and three-dimensional again; seen from the result backwards.
 */
final class AttentionReshapes {

  private final MatchedMethod method;
  private List<?> joined;
  private List<?> split;

  /** Whether the scores at this place are to be joined, and have four dimensions. */
  private boolean isSplit;

  AttentionReshapes(MatchedMethod method) {
    this.method = method;
  }

  /** Take in a reshape from four dimensions to three; false if it is none. */
  boolean join(List<?> sizes) {
    if (sizes.size() != 3 || isSplit || joined != null && !same(joined, sizes)) {
      return false;
    }
    joined = sizes;
    isSplit = true;
    return true;
  }

  /** Take in a reshape from three dimensions to four; false if it is none. */
  boolean split(List<?> sizes) {
    if (sizes.size() != 4 || !isSplit || split != null && !same(split, sizes)) {
      return false;
    }
    split = sizes;
    isSplit = false;
    return true;
  }

  private boolean same(List<?> a, List<?> b) {
    return IntStream.range(0, a.size()).allMatch(i -> method.sameNumber(a.get(i), b.get(i)));
  }

  boolean isEmpty() {
    return joined == null;
  }

  /** Whether a mask at this place is one for the scores by batch and head. */
  boolean takesMasks() {
    return joined == null || isSplit;
  }

  /** Whether all reshapes cancel, with the same n and m on both sides. */
  boolean isComplete() {
    return joined == null
        || split != null
            && !isSplit
            && method.sameNumber(joined.get(1), split.get(2))
            && method.sameNumber(joined.get(2), split.get(3));
  }

  /** The sizes of batch and heads; null if nothing was reshaped. */
  List<?> heads() {
    return split == null ? null : split.subList(0, 2);
  }
}
