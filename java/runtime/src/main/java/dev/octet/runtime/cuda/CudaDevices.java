// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_cuda_properties;
import dev.octet.runtime.memory.NativeMemoryException;
import dev.octet.runtime.type.Device;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The CUDA devices of this machine, and what calls that concern them say. */
public final class CudaDevices {
  private static final Logger LOG = LoggerFactory.getLogger(CudaDevices.class);

  private CudaDevices() {}

  /**
   * Checks that a device can be used.
   *
   * @param device a CUDA device
   * @throws UnsupportedOperationException if the library with the kernels, the CUDA runtime, the
   *     driver or any device is missing, or the build has no kernels for this one; the message says
   *     which
   * @throws IllegalArgumentException if the machine has no device of this number
   */
  public static void requireUsable(Device device) {
    if (device.isCpu()) {
      throw new IllegalArgumentException("device is cpu; expected a CUDA device");
    }
    String reason = NativeLibrary.whyNoCuda();
    if (!reason.isEmpty()) {
      throw new UnsupportedOperationException(
          device + " can't be used: " + reason + ". The cpu needs nothing of this");
    }
    int[] count = new int[1];
    NativeLibrary.check(octet.octet_cuda_device_count(count));
    if (device.index() >= count[0]) {
      throw new IllegalArgumentException(
          "device is "
              + device
              + "; expected "
              + (count[0] == 1 ? "cuda:0" : "cuda:0 to cuda:" + (count[0] - 1))
              + ", which this machine has, or the cpu");
    }
    try (octet_cuda_properties properties = new octet_cuda_properties()) {
      NativeLibrary.check(octet.octet_cuda_device_properties(device.index(), properties));
      if (properties.supported() == 0) {
        throw new UnsupportedOperationException(
            device
                + ", "
                + properties.name().getString()
                + " (sm_"
                + properties.major()
                + properties.minor()
                + "), can't be used: this build has no kernels for it");
      }
    }
  }

  /** Returns the address that a C function has stored. */
  static long pointee(PointerPointer<?> stored) {
    Pointer pointer = stored.get(0);
    return pointer == null ? 0 : pointer.address();
  }

  /** Throws if memory could not be had, or what else a status stands for. */
  static void checkAllocation(int status, String where, long bytes, String purpose) {
    if (status == octet.OCTET_OUT_OF_MEMORY) {
      throw new NativeMemoryException(
          where
              + " gave no "
              + bytes
              + " bytes for "
              + purpose
              + ": "
              + octet.octet_last_error().getString());
    }
    NativeLibrary.check(status);
  }

  /**
   * Reports a failure to free something. It is not thrown: what a close hides under an exception of
   * its own is worth more, and there is nothing that a caller could do.
   */
  static void checkFree(int status, String what) {
    if (status != octet.OCTET_OK) {
      LOG.warn("{} could not be freed: {}", what, octet.octet_last_error().getString());
    }
  }
}
