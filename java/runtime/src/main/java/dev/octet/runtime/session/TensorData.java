// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.session;

import dev.octet.bindings.DLDevice;
import dev.octet.bindings.DLTensor;
import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import dev.octet.runtime.type.Shape;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Objects;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory of the caller as the elements of an input or an output: a Java array, an NIO buffer, or a
 * DLPack tensor. Nothing is copied when it is made; the memory is read or written by every run that
 * it is given to.
 *
 * <p>Arrays and heap buffers are copied once, to or from the session's native memory. Direct
 * buffers in native byte order and DLPack tensors are used in place. What values of each type are
 * given as, row-major:
 *
 * <ul>
 *   <li>f32: float
 *   <li>f16, bf16: short, the numbers' bits
 *   <li>s32: int
 *   <li>i64: long
 *   <li>s8, u8: byte, the codes' bits; bool: byte, 0 or 1
 *   <li>any type: also the bytes of its elements in native byte order
 * </ul>
 *
 * <p>A session on a CUDA device uses DLPack tensors on that device in place, and copies all other
 * memory to it and back; without a detour if it is a DLPack tensor in pinned memory ({@code
 * kDLCUDAHost}), which a session on the CPU uses in place.
 *
 * <p>The caller keeps ownership and must not change or free the memory during a run, or before an
 * {@linkplain EnqueuedRun enqueued} one is done. Without a shape it fits any shape of as many
 * elements; an output may then be larger than needed. Type, shape and number of elements are
 * compared with what the program expects when the memory is bound or run with.
 *
 * <p>Immutable but for the memory, and so safe for use by several threads; several runs at a time
 * may read the same inputs, outputs must not be shared.
 */
public final class TensorData {
  /**
   * DLPack's {@code kDLCUDAHost}: memory of the host that a CUDA device can get at. The CPU uses it
   * as any other, and copies to and from the device take no detour.
   */
  private static final int PINNED = 3;

  /** From position to limit; null for DLPack. */
  private final Buffer buffer;

  private final int elementBytes;
  private final long address;
  private final long bytes;
  private final long[] shape;
  private final int dlpackType;
  private final Device device;

  private TensorData(
      Buffer buffer,
      int elementBytes,
      long address,
      long bytes,
      long[] shape,
      int dlpackType,
      Device device) {
    this.buffer = buffer;
    this.elementBytes = elementBytes;
    this.address = address;
    this.bytes = bytes;
    this.shape = shape;
    this.dlpackType = dlpackType;
    this.device = device;
  }

  /**
   * Uses an array of single-precision numbers.
   *
   * @param shape the size of every dimension, the outermost first
   */
  public static TensorData of(float[] data, long... shape) {
    return of(FloatBuffer.wrap(data), shape);
  }

  /**
   * Uses an array of 64-bit integers.
   *
   * @param shape the size of every dimension, the outermost first
   */
  public static TensorData of(long[] data, long... shape) {
    return of(LongBuffer.wrap(data), shape);
  }

  /**
   * Uses an array of 32-bit integers.
   *
   * @param shape the size of every dimension, the outermost first
   */
  public static TensorData of(int[] data, long... shape) {
    return of(IntBuffer.wrap(data), shape);
  }

  /**
   * Uses an array of half-precision numbers' bits.
   *
   * @param shape the size of every dimension, the outermost first
   */
  public static TensorData of(short[] data, long... shape) {
    return of(ShortBuffer.wrap(data), shape);
  }

  /**
   * Uses an array of codes, of truth values, or of any elements' bytes.
   *
   * @param shape the size of every dimension, the outermost first
   */
  public static TensorData of(byte[] data, long... shape) {
    return of(ByteBuffer.wrap(data), shape);
  }

  /** Uses an array without saying its shape. */
  public static TensorData of(float[] data) {
    return of(FloatBuffer.wrap(data), (long[]) null);
  }

  /** Uses an array without saying its shape. */
  public static TensorData of(long[] data) {
    return of(LongBuffer.wrap(data), (long[]) null);
  }

  /** Uses an array without saying its shape. */
  public static TensorData of(int[] data) {
    return of(IntBuffer.wrap(data), (long[]) null);
  }

  /** Uses an array without saying its shape. */
  public static TensorData of(short[] data) {
    return of(ShortBuffer.wrap(data), (long[]) null);
  }

  /** Uses an array without saying its shape. */
  public static TensorData of(byte[] data) {
    return of(ByteBuffer.wrap(data), (long[]) null);
  }

  /** Uses a buffer, from its position to its limit, without saying its shape. */
  public static TensorData of(Buffer data) {
    return of(data, (long[]) null);
  }

  /**
   * Uses a buffer, from its present position to its present limit.
   *
   * @param data a ByteBuffer, ShortBuffer, IntBuffer, LongBuffer or FloatBuffer, heap or direct
   * @param shape the size of every dimension, the outermost first; null: not said
   * @throws IllegalArgumentException for another kind of buffer
   */
  public static TensorData of(Buffer data, long... shape) {
    Objects.requireNonNull(data, "data");
    int elementBytes = elementBytes(data);
    Buffer slice = data.slice();
    long bytes = (long) slice.capacity() * elementBytes;
    boolean inPlace = slice.isDirect() && hasNativeOrder(data);
    return new TensorData(
        slice, elementBytes, inPlace ? addressOf(slice) : 0, bytes, copy(shape), 0, Device.cpu());
  }

  private static int elementBytes(Buffer data) {
    if (data instanceof ByteBuffer) {
      return Byte.BYTES;
    }
    if (data instanceof ShortBuffer) {
      return Short.BYTES;
    }
    if (data instanceof FloatBuffer || data instanceof IntBuffer) {
      return Float.BYTES;
    }
    if (data instanceof LongBuffer) {
      return Long.BYTES;
    }
    throw new IllegalArgumentException(
        "data is a "
            + data.getClass().getSimpleName()
            + "; expected a ByteBuffer, ShortBuffer, IntBuffer, LongBuffer or FloatBuffer");
  }

  private static boolean hasNativeOrder(Buffer data) {
    ByteOrder order;
    if (data instanceof ShortBuffer shorts) {
      order = shorts.order();
    } else if (data instanceof IntBuffer ints) {
      order = ints.order();
    } else if (data instanceof LongBuffer longs) {
      order = longs.order();
    } else if (data instanceof FloatBuffer floats) {
      order = floats.order();
    } else {
      order = ByteOrder.nativeOrder();
    }
    return order == ByteOrder.nativeOrder();
  }

  private static long addressOf(Buffer direct) {
    return new Pointer(direct).address();
  }

  private static long[] copy(long[] shape) {
    return shape == null ? null : shape.clone();
  }

  /**
   * Uses a DLPack tensor, as another framework hands it out.
   *
   * <p>Of one on a CUDA device or in pinned memory, everything that writes or reads it must be done
   * before a run begins (synchronise its stream, or run in it: {@link IoBinding#stream}); when the
   * run returns, everything of this one is.
   *
   * @param address of a {@code DLTensor}, or of a {@code DLManagedTensor}, which begins with one;
   *     its memory stays the caller's, and its deleter is not called. It must be valid: a wrong
   *     address can't be told from a right one
   * @throws IllegalArgumentException unless it lies on the CPU, pinned or not, or a CUDA device,
   *     compact and row-major
   */
  public static TensorData ofDlpack(long address) {
    if (address == 0) {
      throw new IllegalArgumentException("address is null; expected that of a DLTensor");
    }
    DLTensor tensor = new DLTensor(new Address(address));
    Device device = device(tensor.device());
    int rank = tensor.ndim();
    if (rank < 0 || rank > Shape.MAX_RANK) {
      throw new IllegalArgumentException(
          "the DLPack tensor has " + rank + " dimensions; expected 0 to " + Shape.MAX_RANK);
    }
    long[] shape = read(tensor.shape(), rank, "shape");
    int bits = tensor.dtype().bits() & 0xff;
    int type = tensor.dtype().code() & 0xff | bits << 8 | (tensor.dtype().lanes() & 0xffff) << 16;
    long count = 1;
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException(
            "the DLPack tensor has shape " + Arrays.toString(shape) + "; expected sizes >= 0");
      }
      count = Math.multiplyExact(count, size);
    }
    if (tensor.strides() != null && count > 0) {
      requireCompact(shape, read(tensor.strides(), rank, "strides"));
    }
    int elementBytes = Math.max(1, bits / Byte.SIZE);
    long data = tensor.data() == null ? 0 : tensor.data().address() + tensor.byte_offset();
    if (data == 0 && count > 0) {
      throw new IllegalArgumentException("the DLPack tensor has no memory");
    }
    return new TensorData(
        null, elementBytes, data, Math.multiplyExact(count, elementBytes), shape, type, device);
  }

  private static Device device(DLDevice device) {
    if (device.device_type() == octet.kDLCPU || device.device_type() == PINNED) {
      return Device.cpu();
    }
    if (device.device_type() == octet.kDLCUDA) {
      return Device.cuda(device.device_id());
    }
    throw new IllegalArgumentException(
        "the DLPack tensor is on a device of kind "
            + device.device_type()
            + "; expected the CPU ("
            + octet.kDLCPU
            + "), also pinned ("
            + PINNED
            + "), or a CUDA device ("
            + octet.kDLCUDA
            + "): copy it there first");
  }

  private static long[] read(LongPointer numbers, int count, String what) {
    long[] values = new long[count];
    if (count > 0) {
      if (numbers == null || numbers.isNull()) {
        throw new IllegalArgumentException("the DLPack tensor has no " + what);
      }
      for (int i = 0; i < count; i++) {
        values[i] = numbers.get(i);
      }
    }
    return values;
  }

  private static void requireCompact(long[] shape, long[] strides) {
    long expected = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      if (shape[i] != 1 && strides[i] != expected) {
        throw new IllegalArgumentException(
            "the DLPack tensor of shape "
                + Arrays.toString(shape)
                + " has strides "
                + Arrays.toString(strides)
                + "; expected a compact row-major one: make it contiguous first");
      }
      expected = Math.multiplyExact(expected, Math.max(1, shape[i]));
    }
  }

  /** Returns the sizes, null if they were not said. */
  public long[] shape() {
    return copy(shape);
  }

  /**
   * Returns the array.
   *
   * @throws IllegalStateException unless it was made of a whole float array
   */
  public float[] floats() {
    return (float[]) array(float[].class);
  }

  /**
   * Returns the array.
   *
   * @throws IllegalStateException unless it was made of a whole long array
   */
  public long[] longs() {
    return (long[]) array(long[].class);
  }

  /**
   * Returns the array.
   *
   * @throws IllegalStateException unless it was made of a whole int array
   */
  public int[] ints() {
    return (int[]) array(int[].class);
  }

  /**
   * Returns the array.
   *
   * @throws IllegalStateException unless it was made of a whole short array
   */
  public short[] shorts() {
    return (short[]) array(short[].class);
  }

  /**
   * Returns the array.
   *
   * @throws IllegalStateException unless it was made of a whole byte array
   */
  public byte[] bytes() {
    return (byte[]) array(byte[].class);
  }

  /**
   * Returns the array of whatever type that it was made of; null unless it was made of all of one.
   */
  public Object array() {
    if (buffer == null || !buffer.hasArray()) {
      return null;
    }
    Object array = buffer.array();
    return buffer.capacity() == Array.getLength(array) ? array : null;
  }

  private Object array(Class<?> type) {
    Object array = array();
    if (!type.isInstance(array)) {
      throw new IllegalStateException(
          "the data is "
              + (array == null ? "no whole array" : "a " + array.getClass().getSimpleName())
              + "; expected a "
              + type.getSimpleName());
    }
    return array;
  }

  /** Returns an array of zeros for elements of a type. */
  static TensorData zeros(ElementType type, long[] shape, String name) {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    if (count > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "output '"
              + name
              + "' has "
              + count
              + " elements, more than an array holds; give a direct buffer for it");
    }
    int length = (int) count;
    return switch (type) {
      case F32 -> of(new float[length], shape);
      case F16, BF16 -> of(new short[length], shape);
      case S32 -> of(new int[length], shape);
      case I64 -> of(new long[length], shape);
      case S8, U8, BOOL -> of(new byte[length], shape);
    };
  }

  /** Returns where the memory is: the CPU for all memory of the host, pinned or not. */
  public Device device() {
    return device;
  }

  /** Returns the bytes that it has. */
  long byteLength() {
    return bytes;
  }

  /** Tells whether runs on its device can use the memory in place. */
  boolean isInPlace() {
    return buffer == null || address != 0;
  }

  long address() {
    return address;
  }

  boolean isReadOnly() {
    return buffer != null && buffer.isReadOnly();
  }

  /** Returns what is wrong with it as a value of a type, in words that follow it; or null. */
  String complaint(ElementType type) {
    if (buffer == null) {
      return dlpackType == type.dlpackType()
          ? null
          : "is a DLPack tensor of type (code "
              + (dlpackType & 0xff)
              + ", bits "
              + (dlpackType >> 8 & 0xff)
              + ", lanes "
              + (dlpackType >>> 16)
              + "); expected "
              + type;
    }
    boolean floats = buffer instanceof FloatBuffer;
    boolean integers = buffer instanceof IntBuffer || buffer instanceof LongBuffer;
    boolean fits =
        buffer instanceof ByteBuffer
            || elementBytes == type.byteSize()
                && !(floats && type != ElementType.F32)
                && !(integers && type == ElementType.F32);
    return fits ? null : "is given as " + kind() + "; expected elements of type " + type;
  }

  private String kind() {
    if (buffer instanceof FloatBuffer) {
      return "float";
    }
    if (buffer instanceof LongBuffer) {
      return "long";
    }
    return buffer instanceof IntBuffer ? "int" : "short";
  }

  /** Copies the elements into a slot. */
  void copyTo(Slot slot, int bytesWanted) {
    int count = bytesWanted / elementBytes;
    if (buffer instanceof FloatBuffer floats) {
      slot.floats().put(0, floats, 0, count);
    } else if (buffer instanceof LongBuffer longs) {
      slot.longs().put(0, longs, 0, count);
    } else if (buffer instanceof IntBuffer ints) {
      slot.ints().put(0, ints, 0, count);
    } else if (buffer instanceof ShortBuffer shorts) {
      slot.shorts().put(0, shorts, 0, count);
    } else {
      slot.bytes().put(0, (ByteBuffer) buffer, 0, count);
    }
  }

  /** Copies the elements from a slot. */
  void copyFrom(Slot slot, int bytesWanted) {
    int count = bytesWanted / elementBytes;
    if (buffer instanceof FloatBuffer floats) {
      floats.put(0, slot.floats(), 0, count);
    } else if (buffer instanceof LongBuffer longs) {
      longs.put(0, slot.longs(), 0, count);
    } else if (buffer instanceof IntBuffer ints) {
      ints.put(0, slot.ints(), 0, count);
    } else if (buffer instanceof ShortBuffer shorts) {
      shorts.put(0, slot.shorts(), 0, count);
    } else {
      ((ByteBuffer) buffer).put(0, slot.bytes(), 0, count);
    }
  }

  /** Native memory of a value as buffers of every kind. */
  record Slot(
      ByteBuffer bytes, ShortBuffer shorts, IntBuffer ints, LongBuffer longs, FloatBuffer floats) {
    static Slot of(ByteBuffer bytes) {
      return new Slot(
          bytes,
          bytes.asShortBuffer(),
          bytes.asIntBuffer(),
          bytes.asLongBuffer(),
          bytes.asFloatBuffer());
    }
  }
}
