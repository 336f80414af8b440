// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The sizes of a value's dimensions, the last one varying fastest; none for a scalar. */
public final class Shape {
  /** The most dimensions a value may have. */
  public static final int MAX_RANK = 16;

  private static final Shape SCALAR = new Shape(List.of());

  private final List<Dimension> dimensions;

  private Shape(List<Dimension> dimensions) {
    this.dimensions = dimensions;
  }

  /**
   * Returns a shape.
   *
   * @throws InvalidProgramException for more than {@value #MAX_RANK} dimensions
   */
  public static Shape of(List<Dimension> dimensions) {
    if (dimensions.size() > MAX_RANK) {
      throw new InvalidProgramException(
          "shape " + dimensions + " has " + dimensions.size() + " dimensions; at most " + MAX_RANK);
    }
    return new Shape(List.copyOf(dimensions));
  }

  /** Returns a shape of numbers. */
  public static Shape ofSizes(long... sizes) {
    List<Dimension> dimensions = new ArrayList<>(sizes.length);
    for (long size : sizes) {
      dimensions.add(Dimension.of(size));
    }
    return of(dimensions);
  }

  /**
   * Returns a shape.
   *
   * @param sizes for each dimension a whole number, the name of a symbol, or a {@link Dimension}
   */
  public static Shape of(Object... sizes) {
    List<Dimension> dimensions = new ArrayList<>(sizes.length);
    for (Object size : sizes) {
      if (size instanceof Dimension dimension) {
        dimensions.add(dimension);
      } else if (size instanceof Integer || size instanceof Long) {
        dimensions.add(Dimension.of(((Number) size).longValue()));
      } else if (size instanceof String symbol) {
        dimensions.add(Dimension.of(symbol));
      } else {
        throw new InvalidProgramException(
            "size " + size + " in a shape is neither a whole number nor the name of a symbol");
      }
    }
    return of(dimensions);
  }

  /** Returns the shape without dimensions, of one element. */
  public static Shape scalar() {
    return SCALAR;
  }

  /** Returns the number of dimensions. */
  public int rank() {
    return dimensions.size();
  }

  /** Returns a size; negative indices count from the last dimension, which is -1. */
  public Dimension get(int index) {
    return dimensions.get(index < 0 ? index + dimensions.size() : index);
  }

  /** Returns the sizes. */
  public List<Dimension> dimensions() {
    return dimensions;
  }

  /** Returns the shape with another size at an index. */
  public Shape with(int index, Dimension size) {
    List<Dimension> changed = new ArrayList<>(dimensions);
    changed.set(index < 0 ? index + dimensions.size() : index, size);
    return of(changed);
  }

  /** Returns the dimensions from one index up to another, without that one. */
  public Shape slice(int from, int to) {
    return of(dimensions.subList(from, to));
  }

  /** Returns this shape's dimensions followed by another's. */
  public Shape followedBy(Shape other) {
    List<Dimension> all = new ArrayList<>(dimensions);
    all.addAll(other.dimensions);
    return of(all);
  }

  /** Returns the number of elements. */
  public Dimension elements() {
    Dimension product = Dimension.of(1);
    for (Dimension dimension : dimensions) {
      product = product.times(dimension);
    }
    return product;
  }

  /** Tells whether all sizes are numbers. */
  public boolean isFixed() {
    for (Dimension dimension : dimensions) {
      if (!dimension.isFixed()) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the sizes as numbers.
   *
   * @throws IllegalStateException if one is known in a run only
   */
  public long[] sizes() {
    long[] sizes = new long[dimensions.size()];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = dimensions.get(i).value();
    }
    return sizes;
  }

  /** Tells whether two shapes differ in every run. */
  public boolean differsFrom(Shape other) {
    if (rank() != other.rank()) {
      return true;
    }
    for (int i = 0; i < rank(); i++) {
      if (get(i).differsFrom(other.get(i))) {
        return true;
      }
    }
    return false;
  }

  /** Returns this shape with numbers in place of symbols. */
  public Shape resolve(Map<String, Long> sizes) {
    List<Dimension> resolved = new ArrayList<>(dimensions.size());
    for (Dimension dimension : dimensions) {
      resolved.add(dimension.resolve(sizes));
    }
    return of(resolved);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape && dimensions.equals(((Shape) other).dimensions);
  }

  @Override
  public int hashCode() {
    return dimensions.hashCode();
  }

  @Override
  public String toString() {
    return dimensions.toString();
  }
}
