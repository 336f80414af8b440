// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.runtime.session.TensorData;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Value;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * An input or output of a run, in direct memory.
 *
 * @param name of the input or output
 * @param type of the elements
 * @param shape sizes
 * @param data the elements, row-major and little-endian, as files have them
 */
record HostTensor(String name, ElementType type, long[] shape, ByteBuffer data) {

  /** Makes a tensor of zeros for a value whose sizes are numbers. */
  static HostTensor allocate(Value value) {
    return allocate(value.name(), value.type(), value.shape().sizes());
  }

  /**
   * Makes a tensor of zeros.
   *
   * @throws IllegalArgumentException if it would have more than 2 GiB
   */
  static HostTensor allocate(String name, ElementType type, long[] shape) {
    long bytes = type.byteSize();
    for (long size : shape) {
      bytes = Math.multiplyHigh(bytes, size) == 0 ? bytes * size : -1;
      if (bytes < 0 || bytes > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "'" + name + "' of shape " + Arrays.toString(shape) + " has more than 2 GiB");
      }
    }
    ByteBuffer data = ByteBuffer.allocateDirect((int) bytes).order(ByteOrder.LITTLE_ENDIAN);
    return new HostTensor(name, type, shape, data);
  }

  /** Returns the number of elements. */
  int count() {
    return data.capacity() / type.byteSize();
  }

  /** Returns the memory for a session. */
  TensorData tensorData() {
    return TensorData.of(data.duplicate().clear(), shape);
  }

  /** Returns an element; exact, except for integers beyond 2^53. */
  double get(int index) {
    int at = index * type.byteSize();
    return switch (type) {
      case F32 -> data.getFloat(at);
      case F16 -> HalfFloats.toFloat(data.getShort(at));
      case BF16 -> Float.intBitsToFloat(data.getShort(at) << Short.SIZE);
      case S8 -> data.get(at);
      case U8, BOOL -> data.get(at) & 0xff;
      case S32 -> data.getInt(at);
      case I64 -> data.getLong(at);
    };
  }

  /** Sets an element to the nearest float, of F32, F16 and BF16. */
  void putFloat(int index, float value) {
    int at = index * type.byteSize();
    switch (type) {
      case F32 -> data.putFloat(at, value);
      case F16 -> data.putShort(at, HalfFloats.toHalf(value));
      case BF16 -> data.putShort(at, HalfFloats.toBfloat16(value));
      default -> throw new IllegalStateException("'" + name + "' is " + type);
    }
  }

  /** Sets an element to a whole number that the type has, of all other types. */
  void putLong(int index, long value) {
    int at = index * type.byteSize();
    switch (type) {
      case S8, U8, BOOL -> data.put(at, (byte) value);
      case S32 -> data.putInt(at, (int) value);
      case I64 -> data.putLong(at, value);
      default -> throw new IllegalStateException("'" + name + "' is " + type);
    }
  }

  /** Returns the least whole number that a type has. */
  static long least(ElementType type) {
    return switch (type) {
      case S8 -> Byte.MIN_VALUE;
      case S32 -> Integer.MIN_VALUE;
      case I64 -> Long.MIN_VALUE;
      default -> 0;
    };
  }

  /** Returns the greatest whole number that a type has. */
  static long greatest(ElementType type) {
    return switch (type) {
      case BOOL -> 1;
      case S8 -> Byte.MAX_VALUE;
      case U8 -> 0xff;
      case S32 -> Integer.MAX_VALUE;
      default -> Long.MAX_VALUE;
    };
  }
}
