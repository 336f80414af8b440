// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import dev.octet.runtime.type.Device;
import java.util.function.IntSupplier;
import org.bytedeco.cuda.global.cudart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls of the CUDA runtime by the presets, which must be loaded. */
final class Cudart {
  private static final Logger LOG = LoggerFactory.getLogger(Cudart.class);

  private Cudart() {}

  /** Returns why the runtime can use no device, "" if it can. */
  static String whyNoDevice() {
    int[] count = new int[1];
    try {
      check(cudart.cudaGetDeviceCount(count), "cudaGetDeviceCount");
    } catch (CudaRuntimeException e) {
      return "the CUDA runtime of JavaCPP's presets, libcudart.so.13, can use no device: "
          + e.getMessage();
    }
    return count[0] > 0 ? "" : "the CUDA runtime of JavaCPP's presets finds no device";
  }

  /**
   * Checks that the presets can be used and the machine has a device.
   *
   * @throws UnsupportedOperationException if the presets can't be used
   * @throws IllegalArgumentException for the CPU, or a device that the machine does not have
   */
  static void require(Device device) {
    if (device.isCpu()) {
      throw new IllegalArgumentException("device is cpu; expected a CUDA device");
    }
    CudaPresets.requireAvailable();
    int[] count = new int[1];
    check(cudart.cudaGetDeviceCount(count), "cudaGetDeviceCount");
    if (device.index() >= count[0]) {
      throw new IllegalArgumentException(
          "device is "
              + device
              + "; expected "
              + (count[0] == 1 ? "cuda:0" : "cuda:0 to cuda:" + (count[0] - 1))
              + ", which the CUDA runtime sees");
    }
  }

  /**
   * Throws if a call has failed.
   *
   * <p>To be called on the thread that made the call, whose last error it clears: others would take
   * it for theirs.
   */
  static void check(int error, String function) {
    if (error != cudart.cudaSuccess) {
      cudart.cudaGetLastError();
      throw new CudaRuntimeException(
          function,
          error,
          cudart.cudaGetErrorName(error).getString(),
          cudart.cudaGetErrorString(error).getString());
    }
  }

  /** Makes a call with a device as the thread's current one, which is then what it was. */
  static void call(Device device, String function, IntSupplier call) {
    int[] before = new int[1];
    check(cudart.cudaGetDevice(before), "cudaGetDevice");
    if (before[0] == device.index()) {
      check(call.getAsInt(), function);
      return;
    }
    check(cudart.cudaSetDevice(device.index()), "cudaSetDevice");
    try {
      check(call.getAsInt(), function);
    } finally {
      cudart.cudaSetDevice(before[0]);
    }
  }

  /** Makes a call that tells whether something is done. */
  static boolean isDone(Device device, String function, IntSupplier query) {
    boolean[] done = new boolean[1];
    call(
        device,
        function,
        () -> {
          int error = query.getAsInt();
          done[0] = error == cudart.cudaSuccess;
          if (error == cudart.cudaErrorNotReady) {
            // No failure, but the thread's last error all the same.
            cudart.cudaGetLastError();
            return cudart.cudaSuccess;
          }
          return error;
        });
    return done[0];
  }

  /**
   * Makes a call that frees something. A failure is reported and not thrown: what a close hides
   * under an exception of its own is worth more, and there is nothing that a caller could do.
   */
  static void free(Device device, String function, IntSupplier call) {
    try {
      call(device, function, call);
    } catch (CudaRuntimeException e) {
      LOG.warn("something of {} could not be freed: {}", device, e.getMessage());
    }
  }
}
