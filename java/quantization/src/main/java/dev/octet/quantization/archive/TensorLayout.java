// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.List;

/**
 * Where a tensor's elements lie in its storage, in elements.
 *
 * @param offset of the first element
 * @param sizes of the dimensions
 * @param strides of the dimensions
 */
record TensorLayout(long offset, List<Long> sizes, List<Long> strides) {
  // As many as libtorch's loops take.
  private static final int MAX_DIMENSIONS = 64;
  // A tensor that repeats its elements (strides of 0) may be so much larger than its storage.
  private static final long MAX_REPEATED_BYTES = 256L << 20;

  TensorLayout {
    sizes = List.copyOf(sizes);
    strides = List.copyOf(strides);
  }

  /** The number of elements; only after a check. */
  long numel() {
    return sizes.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b);
  }

  /**
   * Returns in words what is wrong with it, or null.
   *
   * @param capacity elements of the storage
   * @param itemSize bytes of one
   */
  String problem(long capacity, int itemSize) {
    if (sizes.size() != strides.size() || sizes.size() > MAX_DIMENSIONS) {
      return sizes.size()
          + " sizes and "
          + strides.size()
          + " strides, expected as many of each and at most "
          + MAX_DIMENSIONS;
    }
    if (offset < 0
        || sizes.stream().anyMatch(size -> size < 0)
        || strides.stream().anyMatch(stride -> stride < 0)) {
      return "a negative size, stride or offset in " + this;
    }
    try {
      return problem(capacity, itemSize, reach());
    } catch (ArithmeticException e) {
      return "more elements than can be counted in " + this;
    }
  }

  private String problem(long capacity, int itemSize, long reach) {
    boolean empty = sizes.contains(0L);
    if (empty ? offset > capacity : reach >= capacity) {
      return this + " reaches beyond the " + capacity + " elements of its storage";
    }
    long bytes = empty ? 0 : Math.multiplyExact(numel(), itemSize);
    if (bytes > MAX_REPEATED_BYTES && bytes / itemSize > capacity) {
      return this
          + " makes "
          + bytes
          + " bytes of a storage of "
          + capacity * itemSize
          + ", by repeating them";
    }
    return null;
  }

  /** The index of the last element, which also says that all products can be taken. */
  private long reach() {
    long product = 1;
    long reach = offset;
    for (int i = 0; i < sizes.size(); i++) {
      long size = sizes.get(i);
      product = Math.multiplyExact(product, Math.max(size, 1));
      reach = Math.addExact(reach, Math.multiplyExact(Math.max(size, 1) - 1, strides.get(i)));
    }
    // Bytes must be countable too, for the widest elements.
    Math.multiplyExact(product, 16);
    Math.multiplyExact(reach, 16);
    return reach;
  }

  @Override
  public String toString() {
    return "a tensor of shape " + sizes + ", strides " + strides + " and storage offset " + offset;
  }
}
