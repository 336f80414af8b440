// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Grid;
import java.nio.ByteBuffer;

/**
 * A tensor of a draft; while operations are fused, type and grid of what one makes may change.
 * Compared by identity.
 */
final class DraftValue {
  private final String name;
  private final ByteBuffer data;
  private final Sizes sizes;
  private ElementType type;
  private Grid grid;

  private DraftValue(String name, ElementType type, Grid grid, Sizes sizes, ByteBuffer data) {
    this.name = name;
    this.type = type;
    this.grid = grid;
    this.sizes = sizes;
    this.data = data;
  }

  /** Returns an input, or what an operation makes. */
  static DraftValue of(String name, ElementType type, Grid grid, Sizes sizes) {
    return new DraftValue(name, type, grid, sizes, null);
  }

  /** Returns a constant of row-major, little-endian elements. */
  static DraftValue constant(
      String name, ElementType type, Grid grid, Sizes sizes, ByteBuffer data) {
    return new DraftValue(name, type, grid, sizes, data);
  }

  String name() {
    return name;
  }

  ElementType type() {
    return type;
  }

  /** Returns the grid of codes; null for plain numbers. */
  Grid grid() {
    return grid;
  }

  Sizes sizes() {
    return sizes;
  }

  /** Returns the elements of a constant, else null. */
  ByteBuffer data() {
    return data;
  }

  boolean isConstant() {
    return data != null;
  }

  /** Tells whether this is codes with one scale, as kernels take them for activations. */
  boolean isOnGrid() {
    return type.isByteCode() && grid != null && grid.isPerTensor();
  }

  boolean isFloat() {
    return type == ElementType.F32;
  }

  /** Makes this be stored as another type. */
  void become(ElementType otherType, Grid otherGrid) {
    type = otherType;
    grid = otherGrid;
  }
}
