// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.program;

import dev.octet.runtime.type.InvalidProgramException;
import dev.octet.runtime.type.Shape;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;

/** A value whose elements are part of the program. */
public final class Constant {
  private final Value value;
  private final ByteBuffer data;

  /**
   * Makes a constant.
   *
   * @param value its name, type, shape of numbers, and grid
   * @param data its elements, row-major and little-endian, from position to limit; not copied and
   *     not to be changed any more
   * @throws InvalidProgramException if the shape has symbols or the bytes don't fill it
   */
  public Constant(Value value, ByteBuffer data) {
    this.value = Objects.requireNonNull(value, "value");
    Objects.requireNonNull(data, "data");
    if (!value.shape().isFixed()) {
      throw new InvalidProgramException(
          "constant '" + value.name() + "' has shape " + value.shape() + "; expected numbers");
    }
    long bytes = byteSize(value);
    if (data.remaining() != bytes) {
      throw new InvalidProgramException(
          "constant '"
              + value.name()
              + "' is "
              + value.type()
              + value.shape()
              + " of "
              + bytes
              + " bytes, its data has "
              + data.remaining());
    }
    this.data = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long byteSize(Value value) {
    Shape shape = value.shape();
    try {
      return Math.multiplyExact(shape.elements().value(), (long) value.type().byteSize());
    } catch (ArithmeticException e) {
      throw new InvalidProgramException(
          "constant '" + value.name() + "' of shape " + shape + " has more than 2^63 bytes");
    }
  }

  /** Returns name, type, shape and grid. */
  public Value value() {
    return value;
  }

  /** Returns a read-only view of the elements, row-major and little-endian. */
  public ByteBuffer data() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }
}
