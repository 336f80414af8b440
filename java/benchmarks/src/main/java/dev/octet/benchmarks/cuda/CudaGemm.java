// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import dev.octet.bindings.DLTensor;
import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_epilogue;
import dev.octet.bindings.octet_grid;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.cuda.presets.PresetStream;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.memory.StructMemory;
import dev.octet.runtime.type.Device;
import dev.octet.runtime.type.ElementType;
import java.util.Arrays;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * Octet's product of s8 matrices on a CUDA device by the C API: activations [m, k] and weights [n,
 * k] to an output [m, n] of s8, with a scale for each column and a bias in the same pass.
 */
public final class CudaGemm implements AutoCloseable {
  /**
   * What activations and weights are multiplied with, the latter in each column; the output's is 1.
   */
  static final float SCALE = 0.01f;

  private static final float OUT_SCALE = 1;

  private final PresetStream stream;
  private final StructMemory structs = new StructMemory();
  private final DLTensor a;
  private final DLTensor out;
  private final octet_grid grid;
  private final octet_epilogue epilogue;
  private final Address handle = structs.zeroed(2 * octet.OCTET_GEMM_DEVICE_HANDLE_BYTES);
  private final DeviceBlock weightBlock;
  private final DeviceBlock biasBlock;
  private final DeviceBlock outBlock;
  private final DeviceBlock workspace;

  /**
   * Packs weights and places them on the stream's device.
   *
   * @param a codes [m, k] of the device, the caller's
   * @param weights codes [n, k] of the host, not needed afterwards
   */
  public CudaGemm(PresetStream stream, MemoryBlock a, NativeBlock weights, int m, int n, int k) {
    this.stream = stream;
    Device device = stream.device();
    align(handle);
    this.a = tensor(device, a, ElementType.S8, m, k);
    grid = grid(SCALE);
    weightBlock = place(device, weights, n, k);
    biasBlock = bias(device, n);
    outBlock = DeviceBlock.allocate(device, (long) m * n, "an output");
    out = tensor(device, outBlock, ElementType.S8, m, n);
    epilogue =
        new octet_epilogue(structs.zeroed(Loader.sizeof(octet_epilogue.class)))
            .bias(tensor(device, biasBlock, ElementType.F32, n))
            .out_grid(grid(OUT_SCALE));
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      NativeLibrary.check(octet.octet_gemm_workspace_size(this.a, handle, handleBytes(), bytes));
      workspace = DeviceBlock.allocate(device, bytes.get(), "a workspace");
    }
  }

  private static long handleBytes() {
    return octet.OCTET_GEMM_DEVICE_HANDLE_BYTES;
  }

  private static void align(Address address) {
    long alignment = NativeBlock.ALIGNMENT;
    address.moveTo((address.address() + alignment - 1) / alignment * alignment);
  }

  private DLTensor tensor(Device device, MemoryBlock block, ElementType type, long... shape) {
    return structs.tensor(device, block.address(), type, shape, null).tensor();
  }

  private octet_grid grid(float... scales) {
    long data = structs.floats(scales).address();
    int axis = scales.length == 1 ? -1 : 0;
    DLTensor delta =
        structs.tensor(data, ElementType.F32, new long[] {scales.length}, null).tensor();
    return structs.grid(delta, null, Byte.MIN_VALUE, Byte.MAX_VALUE, axis);
  }

  private DeviceBlock place(Device device, NativeBlock weights, int n, int k) {
    float[] scales = new float[n];
    Arrays.fill(scales, SCALE);
    DLTensor codes = tensor(Device.cpu(), weights, ElementType.S8, n, k);
    int format = octet.OCTET_WEIGHTS_8_BIT;
    try (SizeTPointer size = new SizeTPointer(1)) {
      NativeLibrary.check(octet.octet_gemm_pack_size(codes, format, size));
      try (NativeBlock packed = NativeBlock.allocate(size.get(), "packed weights")) {
        Address from = new Address(packed.address());
        long bytes = packed.bytes();
        NativeLibrary.check(octet.octet_gemm_pack(codes, grid(scales), format, from, bytes));
        NativeLibrary.check(octet.octet_gemm_device_size(from, bytes, size));
        DeviceBlock block = DeviceBlock.allocate(device, size.get(), "weights");
        NativeLibrary.check(
            octet.octet_gemm_to_device(
                from,
                bytes,
                device.index(),
                new Address(block.address()),
                block.bytes(),
                handle,
                stream.get()));
        return block;
      }
    }
  }

  private DeviceBlock bias(Device device, int n) {
    try (NativeBlock zeros = NativeBlock.allocate((long) Float.BYTES * n, "a bias")) {
      for (int i = 0; i < n; i++) {
        zeros.buffer(0, (int) zeros.bytes()).putFloat(Float.BYTES * i, 0);
      }
      return RandomCodes.onDevice(device, zeros);
    }
  }

  /** Enqueues the product in the stream. */
  public void run() {
    NativeLibrary.check(
        octet.octet_gemm(
            a,
            grid,
            handle,
            handleBytes(),
            epilogue,
            out,
            new Address(workspace.address()),
            workspace.bytes(),
            stream.get()));
  }

  /** Returns where the output is, which lives as long as this. */
  public MemoryBlock output() {
    return outBlock;
  }

  @Override
  public void close() {
    workspace.close();
    outBlock.close();
    biasBlock.close();
    weightBlock.close();
    structs.close();
  }
}
