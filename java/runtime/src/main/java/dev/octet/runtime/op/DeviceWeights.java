// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.op;

import dev.octet.bindings.global.octet;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** The functions that bring packed weights of a family to a CUDA device. */
enum DeviceWeights {
  /** Of {@code octet/gemm.h}. */
  GEMM(
      octet.OCTET_GEMM_DEVICE_HANDLE_BYTES,
      octet::octet_gemm_device_size,
      octet::octet_gemm_to_device),
  /** Of {@code octet/conv2d.h}. */
  CONV2D(
      octet.OCTET_CONV2D_DEVICE_HANDLE_BYTES,
      octet::octet_conv2d_device_size,
      octet::octet_conv2d_to_device),
  /** Of floats, of {@code octet/gemm_float.h}. */
  GEMM_FLOAT(
      octet.OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES,
      octet::octet_gemm_float_device_size,
      octet::octet_gemm_float_to_device),
  /** Of {@code octet/conv2d_float.h}. */
  CONV2D_FLOAT(
      octet.OCTET_CONV2D_FLOAT_DEVICE_HANDLE_BYTES,
      octet::octet_conv2d_float_device_size,
      octet::octet_conv2d_float_to_device);

  /** Says how many bytes of the device packed weights take; returns an {@code octet_status}. */
  interface Size {
    int run(Pointer packed, long packedBytes, SizeTPointer bytes);
  }

  /** Copies packed weights to a block of a device and writes their handle; returns a status. */
  interface Placement {
    int run(
        Pointer packed,
        long packedBytes,
        int device,
        Pointer block,
        long blockBytes,
        Pointer handle,
        Pointer stream);
  }

  private final int handleBytes;
  private final Size size;
  private final Placement placement;

  DeviceWeights(int handleBytes, Size size, Placement placement) {
    this.handleBytes = handleBytes;
    this.size = size;
    this.placement = placement;
  }

  /** Returns the size of a handle. */
  int handleBytes() {
    return handleBytes;
  }

  /** Returns what says how many bytes are needed. */
  Size size() {
    return size;
  }

  /** Returns what copies weights. */
  Placement placement() {
    return placement;
  }
}
