// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_grid;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/**
 * The C structures of one call of the native library, one set a thread, used again by every call.
 *
 * <p>They are written through a direct buffer: a setter of the bound classes is a call into native
 * code a field, which together cost more than a small kernel.
 */
final class CallFrame {
  private static final ThreadLocal<CallFrame> FRAMES = ThreadLocal.withInitial(CallFrame::new);

  /** libtorch's own limit. */
  private static final int MAX_DIMS = 64;

  private static final int TENSORS = 8;

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
  private static final int SLOT = TENSOR_SIZE + 2 * MAX_DIMS * Long.BYTES;

  // struct octet_grid
  private static final int GRID_DELTA = 0;
  private static final int GRID_ZERO_FLOAT = 8;
  private static final int GRID_INT_MIN = 16;
  private static final int GRID_INT_MAX = 20;
  private static final int GRID_SCALE_DOMAIN = 24;
  private static final int GRID_EPS = 28;
  private static final int GRID_AXIS = 32;
  private static final int GRID_SIZE = 40;

  private static final int GRID = TENSORS * SLOT;

  /** The last two slots hold the tensors of the grid. */
  private static final int DELTA_SLOT = TENSORS - 2;

  private static final int ZERO_SLOT = TENSORS - 1;

  static {
    NativeLibrary.load();
    checkLayout();
  }

  private final BytePointer memory;
  private final ByteBuffer fields;
  private final long address;
  private final DLTensor[] tensors = new DLTensor[TENSORS];
  private final octet_grid grid;
  private int used;

  private CallFrame() {
    memory = new BytePointer(GRID + GRID_SIZE);
    // The frame outlives any scope that happens to be open when a thread makes its first call.
    memory.retainReference();
    fields = memory.asByteBuffer().order(ByteOrder.nativeOrder());
    address = memory.address();
    for (int i = 0; i < TENSORS; i++) {
      tensors[i] = new DLTensor(at(i * SLOT));
    }
    grid = new octet_grid(at(GRID));
  }

  private Pointer at(int offset) {
    return memory.getPointer(BytePointer.class, offset);
  }

  private static void checkLayout() {
    try (DLTensor tensor = new DLTensor();
        octet_grid grid = new octet_grid()) {
      if (tensor.sizeof() != TENSOR_SIZE
          || tensor.offsetof("byte_offset") != BYTE_OFFSET
          || grid.sizeof() != GRID_SIZE
          || grid.offsetof("axis") != GRID_AXIS) {
        throw new IllegalStateException(
            "the structures of the native library are laid out differently than these classes"
                + " expect: DLTensor has "
                + tensor.sizeof()
                + " bytes, octet_grid "
                + grid.sizeof()
                + "; octet-bindings and octet-quantization must be of the same version");
      }
    }
  }

  /** Returns this thread's frame with nothing in it. */
  static CallFrame next() {
    CallFrame frame = FRAMES.get();
    frame.used = 0;
    return frame;
  }

  /**
   * Describes a tensor, which must stay open during the call.
   *
   * @param name the argument's name in messages
   * @return the structure, or null for null
   */
  DLTensor tensor(Tensor tensor, String name) {
    return tensor == null ? null : fill(used++, tensor, name);
  }

  /** Describes a grid, whose tensors must stay open during the call. */
  octet_grid grid(Grid g) {
    fill(DELTA_SLOT, g.delta(), "delta");
    fields.putLong(GRID + GRID_DELTA, address + DELTA_SLOT * SLOT);
    if (g.zeroFloat() == null) {
      fields.putLong(GRID + GRID_ZERO_FLOAT, 0);
    } else {
      fill(ZERO_SLOT, g.zeroFloat(), "zero_float");
      fields.putLong(GRID + GRID_ZERO_FLOAT, address + ZERO_SLOT * SLOT);
    }
    fields.putFloat(GRID + GRID_INT_MIN, g.intMin());
    fields.putFloat(GRID + GRID_INT_MAX, g.intMax());
    fields.putInt(
        GRID + GRID_SCALE_DOMAIN, g.logDomain() ? octet.OCTET_SCALE_LOG : octet.OCTET_SCALE_LINEAR);
    fields.putFloat(GRID + GRID_EPS, g.eps());
    fields.putInt(GRID + GRID_AXIS, g.axis());
    return grid;
  }

  private DLTensor fill(int slot, Tensor tensor, String name) {
    int at = slot * SLOT;
    int dims = (int) tensor.dim();
    int shape = at + TENSOR_SIZE;
    int strides = shape + MAX_DIMS * Long.BYTES;
    for (int i = 0; i < dims; i++) {
      fields.putLong(shape + i * Long.BYTES, tensor.size(i));
      fields.putLong(strides + i * Long.BYTES, tensor.stride(i));
    }
    Pointer data = tensor.data_ptr();
    fields.putLong(at + DATA, data == null ? 0 : data.address());
    if (tensor.is_cpu()) {
      fields.putInt(at + DEVICE_TYPE, octet.kDLCPU);
      fields.putInt(at + DEVICE_ID, 0);
    } else if (tensor.is_cuda()) {
      fields.putInt(at + DEVICE_TYPE, octet.kDLCUDA);
      try (Device device = tensor.device()) {
        fields.putInt(at + DEVICE_ID, device.index());
      }
    } else {
      throw new UnsupportedOperationException(
          name + " is on a device that is neither a CPU nor CUDA; move it with to(device) first");
    }
    fields.putInt(at + NDIM, dims);
    fields.putInt(at + DTYPE, ElementTypes.packed(tensor, name));
    fields.putLong(at + SHAPE, address + shape);
    fields.putLong(at + STRIDES, address + strides);
    fields.putLong(at + BYTE_OFFSET, 0);
    return tensors[slot];
  }
}
