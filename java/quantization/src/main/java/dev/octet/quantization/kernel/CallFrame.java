// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_embedding_table;
import dev.octet.bindings.octet_epilogue;
import dev.octet.bindings.octet_grid;
import dev.octet.bindings.octet_norm;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
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

  private static final int GRIDS = 2;

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

  /** Behind the slots of arguments lie two for the tensors of each grid. */
  private static final int SLOTS = TENSORS + 2 * GRIDS;

  private static final int GRID = SLOTS * SLOT;

  // struct octet_epilogue, zeros but for these
  private static final int EPILOGUE_BIAS = 0;
  private static final int EPILOGUE_OUT_GRID = 48;
  private static final int EPILOGUE_SIZE = 56;
  private static final int EPILOGUE = GRID + GRIDS * GRID_SIZE;

  // struct octet_norm, zeros but for these
  private static final int NORM_DIMS = 0;
  private static final int NORM_EPS = 4;
  private static final int NORM_WEIGHT = 8;
  private static final int NORM_BIAS = 16;
  private static final int NORM_SIZE = 56;
  private static final int NORM = EPILOGUE + EPILOGUE_SIZE;

  // struct octet_embedding_table
  private static final int TABLE_ROWS = 0;
  private static final int TABLE_BITS = 8;
  private static final int TABLE_GRID = 16;
  private static final int TABLE_SIZE = 24;
  private static final int TABLE = NORM + NORM_SIZE;

  /** A size_t or an int64_t that a function returns through a pointer. */
  private static final int SIZE = TABLE + TABLE_SIZE;

  private static final int END = SIZE + Long.BYTES;

  static {
    NativeLibrary.load();
    checkLayout();
  }

  private final BytePointer memory;
  private final ByteBuffer fields;
  private final long address;
  private final DLTensor[] tensors = new DLTensor[SLOTS];
  private final octet_grid[] grids = new octet_grid[GRIDS];
  private final octet_epilogue epilogue;
  private final octet_norm norm;
  private final octet_embedding_table table;
  private final SizeTPointer size;
  private final LongPointer index;
  private int used;
  private int usedGrids;

  private CallFrame() {
    memory = new BytePointer(END);
    memory.zero();
    // The frame outlives any scope that happens to be open when a thread makes its first call.
    memory.retainReference();
    fields = memory.asByteBuffer().order(ByteOrder.nativeOrder());
    address = memory.address();
    for (int i = 0; i < SLOTS; i++) {
      tensors[i] = new DLTensor(at(i * SLOT));
    }
    for (int i = 0; i < GRIDS; i++) {
      grids[i] = new octet_grid(at(GRID + i * GRID_SIZE));
    }
    epilogue = new octet_epilogue(at(EPILOGUE));
    norm = new octet_norm(at(NORM));
    table = new octet_embedding_table(at(TABLE));
    size = new SizeTPointer(at(SIZE));
    index = new LongPointer(at(SIZE));
  }

  private Pointer at(int offset) {
    return memory.getPointer(BytePointer.class, offset);
  }

  private static void checkLayout() {
    try (DLTensor tensor = new DLTensor();
        octet_grid grid = new octet_grid();
        octet_epilogue epilogue = new octet_epilogue();
        octet_norm norm = new octet_norm();
        octet_embedding_table table = new octet_embedding_table()) {
      if (tensor.sizeof() != TENSOR_SIZE
          || tensor.offsetof("byte_offset") != BYTE_OFFSET
          || grid.sizeof() != GRID_SIZE
          || grid.offsetof("axis") != GRID_AXIS
          || epilogue.sizeof() != EPILOGUE_SIZE
          || epilogue.offsetof("out_grid") != EPILOGUE_OUT_GRID
          || norm.sizeof() != NORM_SIZE
          || norm.offsetof("bias") != NORM_BIAS
          || table.sizeof() != TABLE_SIZE
          || table.offsetof("grid") != TABLE_GRID) {
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
    frame.usedGrids = 0;
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

  /**
   * Describes a tensor as a matrix of the rows along its last dimension.
   *
   * @param tensor at least one dimension; all but the last one lie in memory as one
   */
  DLTensor matrix(Tensor tensor, String name) {
    DLTensor matrix = fill(used, tensor, name);
    int shape = used++ * SLOT + TENSOR_SIZE;
    int last = (int) tensor.dim() - 1;
    long columns = tensor.size(last);
    long rows = 1;
    for (int i = 0; i < last; i++) {
      rows *= tensor.size(i);
    }
    // A dimension of one index may have any stride.
    long rowStride = columns;
    for (int i = 0; i < last; i++) {
      rowStride = tensor.size(i) > 1 ? tensor.stride(i) : rowStride;
    }
    dimension(shape, 0, rows, rowStride);
    dimension(shape, 1, columns, 1);
    fields.putInt(shape - TENSOR_SIZE + NDIM, 2);
    return matrix;
  }

  /**
   * Describes images as the library takes them, channels last, whatever lies where in memory.
   *
   * @param tensor shape [N, C, H, W] or [C, H, W], any strides
   */
  DLTensor images(Tensor tensor, String name) {
    DLTensor images = fill(used, tensor, name);
    int shape = used++ * SLOT + TENSOR_SIZE;
    int channels = (int) tensor.dim() - 3;
    dimension(shape, 0, channels == 0 ? 1 : tensor.size(0), channels == 0 ? 0 : tensor.stride(0));
    dimension(shape, 1, tensor.size(channels + 1), tensor.stride(channels + 1));
    dimension(shape, 2, tensor.size(channels + 2), tensor.stride(channels + 2));
    dimension(shape, 3, tensor.size(channels), tensor.stride(channels));
    fields.putInt(shape - TENSOR_SIZE + NDIM, 4);
    return images;
  }

  private void dimension(int shape, int index, long size, long stride) {
    fields.putLong(shape + index * Long.BYTES, size);
    fields.putLong(shape + (MAX_DIMS + index) * Long.BYTES, stride);
  }

  /**
   * Describes a grid, whose tensors must stay open during the call.
   *
   * @return the structure, or null for null
   */
  octet_grid grid(Grid g) {
    if (g == null) {
      return null;
    }
    int index = usedGrids++;
    int at = GRID + index * GRID_SIZE;
    int slot = TENSORS + 2 * index;
    fill(slot, g.delta(), "delta");
    fields.putLong(at + GRID_DELTA, address + slot * SLOT);
    if (g.zeroFloat() == null) {
      fields.putLong(at + GRID_ZERO_FLOAT, 0);
    } else {
      fill(slot + 1, g.zeroFloat(), "zero_float");
      fields.putLong(at + GRID_ZERO_FLOAT, address + (slot + 1) * SLOT);
    }
    fields.putFloat(at + GRID_INT_MIN, g.intMin());
    fields.putFloat(at + GRID_INT_MAX, g.intMax());
    fields.putInt(
        at + GRID_SCALE_DOMAIN, g.logDomain() ? octet.OCTET_SCALE_LOG : octet.OCTET_SCALE_LINEAR);
    fields.putFloat(at + GRID_EPS, g.eps());
    fields.putInt(at + GRID_AXIS, g.axis());
    return grids[index];
  }

  /** Describes what a product does with its sums. */
  octet_epilogue epilogue(DLTensor bias, octet_grid outGrid) {
    fields.putLong(EPILOGUE + EPILOGUE_BIAS, address(bias));
    fields.putLong(EPILOGUE + EPILOGUE_OUT_GRID, address(outGrid));
    return epilogue;
  }

  /** Describes a normalisation of the last dimensions. */
  octet_norm norm(int dims, float eps, DLTensor weight, DLTensor bias) {
    fields.putInt(NORM + NORM_DIMS, dims);
    fields.putFloat(NORM + NORM_EPS, eps);
    fields.putLong(NORM + NORM_WEIGHT, address(weight));
    fields.putLong(NORM + NORM_BIAS, address(bias));
    return norm;
  }

  /** Describes a table of codes. */
  octet_embedding_table table(DLTensor rows, int bits, octet_grid grid) {
    fields.putLong(TABLE + TABLE_ROWS, address(rows));
    fields.putInt(TABLE + TABLE_BITS, bits);
    fields.putLong(TABLE + TABLE_GRID, address(grid));
    return table;
  }

  /** Returns where a function puts a size, which {@link #sizeResult} then reads. */
  SizeTPointer size() {
    return size;
  }

  long sizeResult() {
    return fields.getLong(SIZE);
  }

  /** Returns where a function puts an index, which {@link #indexResult} then reads. */
  LongPointer index() {
    return index;
  }

  long indexResult() {
    return fields.getLong(SIZE);
  }

  private static long address(Pointer struct) {
    return struct == null ? 0 : struct.address();
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
