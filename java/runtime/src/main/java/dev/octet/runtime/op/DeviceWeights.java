// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** The functions that bring packed weights of a family to a CUDA device. */
enum DeviceWeights {
  /** Of {@code octet/gemm.h}. */
  GEMM(octet.OCTET_GEMM_DEVICE_HANDLE_BYTES) {
    @Override
    int deviceSize(Pointer packed, long packedBytes, SizeTPointer bytes) {
      return octet.octet_gemm_device_size(packed, packedBytes, bytes);
    }

    @Override
    int toDevice(
        Pointer packed,
        long packedBytes,
        int device,
        Pointer block,
        long blockBytes,
        Pointer handle,
        Pointer stream) {
      return octet.octet_gemm_to_device(
          packed, packedBytes, device, block, blockBytes, handle, stream);
    }
  },
  /** Of {@code octet/conv2d.h}. */
  CONV2D(octet.OCTET_CONV2D_DEVICE_HANDLE_BYTES) {
    @Override
    int deviceSize(Pointer packed, long packedBytes, SizeTPointer bytes) {
      return octet.octet_conv2d_device_size(packed, packedBytes, bytes);
    }

    @Override
    int toDevice(
        Pointer packed,
        long packedBytes,
        int device,
        Pointer block,
        long blockBytes,
        Pointer handle,
        Pointer stream) {
      return octet.octet_conv2d_to_device(
          packed, packedBytes, device, block, blockBytes, handle, stream);
    }
  };

  private final int handleBytes;

  DeviceWeights(int handleBytes) {
    this.handleBytes = handleBytes;
  }

  /** Returns the size of a handle. */
  final int handleBytes() {
    return handleBytes;
  }

  /** Says how many bytes of the device packed weights take; returns an {@code octet_status}. */
  abstract int deviceSize(Pointer packed, long packedBytes, SizeTPointer bytes);

  /** Copies packed weights to a block of a device and writes their handle; returns a status. */
  abstract int toDevice(
      Pointer packed,
      long packedBytes,
      int device,
      Pointer block,
      long blockBytes,
      Pointer handle,
      Pointer stream);
}
