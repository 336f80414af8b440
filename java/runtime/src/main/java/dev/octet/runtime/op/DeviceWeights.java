// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** The functions that bring packed weights of a family to a CUDA device. */
enum DeviceWeights {
  /** Of {@code octet/gemm.h}. */
  GEMM(octet.OCTET_GEMM_DEVICE_HANDLE_BYTES),
  /** Of {@code octet/conv2d.h}. */
  CONV2D(octet.OCTET_CONV2D_DEVICE_HANDLE_BYTES),
  /** Of floats, of {@code octet/gemm_float.h}. */
  GEMM_FLOAT(octet.OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES),
  /** Of {@code octet/conv2d_float.h}. */
  CONV2D_FLOAT(octet.OCTET_CONV2D_FLOAT_DEVICE_HANDLE_BYTES);

  private final int handleBytes;

  DeviceWeights(int handleBytes) {
    this.handleBytes = handleBytes;
  }

  /** Returns the size of a handle. */
  int handleBytes() {
    return handleBytes;
  }

  /** Says how many bytes of the device packed weights take; returns an {@code octet_status}. */
  int size(Pointer packed, long packedBytes, SizeTPointer bytes) {
    return switch (this) {
      case GEMM -> octet.octet_gemm_device_size(packed, packedBytes, bytes);
      case CONV2D -> octet.octet_conv2d_device_size(packed, packedBytes, bytes);
      case GEMM_FLOAT -> octet.octet_gemm_float_device_size(packed, packedBytes, bytes);
      case CONV2D_FLOAT -> octet.octet_conv2d_float_device_size(packed, packedBytes, bytes);
    };
  }

  /** Copies packed weights to a block of a device and writes their handle; returns a status. */
  int place(
      Pointer packed, long bytes, int device, MemoryBlock block, Pointer handle, Pointer stream) {
    Address to = new Address(block.address());
    long room = block.bytes();
    return switch (this) {
      case GEMM -> octet.octet_gemm_to_device(packed, bytes, device, to, room, handle, stream);
      case CONV2D -> octet.octet_conv2d_to_device(packed, bytes, device, to, room, handle, stream);
      case GEMM_FLOAT ->
          octet.octet_gemm_float_to_device(packed, bytes, device, to, room, handle, stream);
      case CONV2D_FLOAT ->
          octet.octet_conv2d_float_to_device(packed, bytes, device, to, room, handle, stream);
    };
  }
}
