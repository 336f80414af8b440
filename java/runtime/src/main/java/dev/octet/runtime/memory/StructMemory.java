// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.memory;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory for C structures that are made once and used by many calls; all of it is freed together.
 *
 * <p>Not safe for use by several threads.
 */
public final class StructMemory implements AutoCloseable {
  private static final int CHUNK = 1 << 14;
  private static final int STRUCT_ALIGNMENT = 8;

  // struct DLTensor
  private static final int DATA = 0;
  private static final int DEVICE_TYPE = 8;
  private static final int DEVICE_ID = 12;
  private static final int NDIM = 16;
  private static final int DTYPE = 20;
  private static final int SHAPE = 24;
  private static final int STRIDES = 32;
  private static final int BYTE_OFFSET = 40;
  private static final int TENSOR_SIZE = 48;

  private static final int GRID_SIZE;

  static {
    NativeLibrary.load();
    try (DLTensor tensor = new DLTensor()) {
      if (tensor.sizeof() != TENSOR_SIZE || tensor.offsetof("byte_offset") != BYTE_OFFSET) {
        throw new IllegalStateException(
            "DLTensor has "
                + tensor.sizeof()
                + " bytes in the native library; octet-bindings and octet-runtime must be of the"
                + " same version");
      }
    }
    try (octet_grid grid = new octet_grid()) {
      GRID_SIZE = grid.sizeof();
    }
  }

  private final List<NativeBlock> chunks = new ArrayList<>();
  private ByteBuffer current;
  private long currentAddress;
  private int used;

  /** A place of some bytes: its buffer, its offset in there, and its address. */
  private record Place(ByteBuffer buffer, int offset, long address) {}

  private Place take(int bytes) {
    int size = (bytes + STRUCT_ALIGNMENT - 1) / STRUCT_ALIGNMENT * STRUCT_ALIGNMENT;
    if (current == null || size > current.capacity() - used) {
      NativeBlock chunk = NativeBlock.allocate(Math.max(CHUNK, size), "C structures");
      chunks.add(chunk);
      current = chunk.buffer(0, (int) chunk.bytes());
      currentAddress = chunk.address();
      used = 0;
      Pointer.memset(new Address(currentAddress), 0, chunk.bytes());
    }
    Place place = new Place(current, used, currentAddress + used);
    used += size;
    return place;
  }

  /** Returns zeroed memory for a structure. */
  public Address zeroed(int bytes) {
    return new Address(take(bytes).address());
  }

  /** Returns memory with numbers. */
  public Address longs(long... values) {
    Place place = take(values.length * Long.BYTES);
    for (int i = 0; i < values.length; i++) {
      place.buffer().putLong(place.offset() + i * Long.BYTES, values[i]);
    }
    return new Address(place.address());
  }

  /** Returns memory with numbers. */
  public Address floats(float... values) {
    Place place = take(values.length * Float.BYTES);
    // At once: one by one takes long where there are ten thousands and nothing is compiled yet.
    place
        .buffer()
        .slice(place.offset(), values.length * Float.BYTES)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .put(values);
    return new Address(place.address());
  }

  /** A tensor structure and the word in it that holds the data's address. */
  public record TensorStruct(DLTensor tensor, DataField field) {}

  /** The word of a tensor structure that holds the address of its data. */
  public static final class DataField {
    private final ByteBuffer buffer;
    private final int offset;

    private DataField(ByteBuffer buffer, int offset) {
      this.buffer = buffer;
      this.offset = offset;
    }

    /** Lets the tensor's data begin at an address. */
    public void set(long address) {
      buffer.putLong(offset, address);
    }
  }

  /** Makes a tensor on the CPU, as the other method does. */
  public TensorStruct tensor(long data, ElementType type, long[] shape, long[] strides) {
    return tensor(Device.cpu(), data, type, shape, strides);
  }

  /**
   * Makes a tensor.
   *
   * @param device where its data is; the structure is in memory of the host
   * @param data address of the first element
   * @param shape sizes
   * @param strides steps in elements, or null: compact
   */
  public TensorStruct tensor(
      Device device, long data, ElementType type, long[] shape, long[] strides) {
    Address sizes = longs(shape);
    Address steps = strides == null ? null : longs(strides);
    Place place = take(TENSOR_SIZE);
    ByteBuffer fields = place.buffer();
    int at = place.offset();
    fields.putLong(at + DATA, data);
    fields.putInt(at + DEVICE_TYPE, device.kind().dlpackType());
    fields.putInt(at + DEVICE_ID, device.index());
    fields.putInt(at + NDIM, shape.length);
    fields.putInt(at + DTYPE, type.dlpackType());
    fields.putLong(at + SHAPE, sizes.address());
    fields.putLong(at + STRIDES, steps == null ? 0 : steps.address());
    return new TensorStruct(
        new DLTensor(new Address(place.address())), new DataField(fields, at + DATA));
  }

  /**
   * Makes a grid of scales, as a C call takes it.
   *
   * @param delta f32 [count]
   * @param zeroFloat f32 [count], or null
   */
  public octet_grid grid(DLTensor delta, DLTensor zeroFloat, float intMin, float intMax, int axis) {
    octet_grid grid = new octet_grid(zeroed(GRID_SIZE));
    grid.delta(delta)
        .zero_float(zeroFloat)
        .int_min(intMin)
        .int_max(intMax)
        .scale_domain(octet.OCTET_SCALE_LINEAR)
        .eps(Float.MIN_NORMAL)
        .axis(axis);
    return grid;
  }

  /** Frees everything; the structures must not be used any more. */
  @Override
  public void close() {
    for (NativeBlock chunk : chunks) {
      chunk.close();
    }
    chunks.clear();
    current = null;
  }
}
