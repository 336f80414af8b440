// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import dev.octet.bindings.NativeLibrary;
import dev.octet.bindings.global.octet;
import dev.octet.bindings.octet_cuda_properties;
import dev.octet.runtime.cuda.CudaDevices;
import dev.octet.runtime.type.Device;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.cuda.cudart.cudaDeviceProp;
import org.bytedeco.cuda.global.cudart;

/** CUDA devices as the presets describe them. All methods may be called from any thread. */
public final class PresetDevices {
  /** Devices that both runtimes see as the same. */
  private static final Set<Device> SAME = ConcurrentHashMap.newKeySet();

  private PresetDevices() {}

  /**
   * Asks the CUDA runtime for the properties of a device.
   *
   * @param device a CUDA device; it need not be one that Octet has kernels for
   * @return a structure that belongs to the caller, who closes it
   * @throws UnsupportedOperationException if the presets can't be used; the message says what is
   *     missing
   * @throws IllegalArgumentException for the CPU, or a device that the machine does not have
   * @throws CudaRuntimeException if the runtime fails
   */
  public static cudaDeviceProp properties(Device device) {
    Cudart.require(device);
    cudaDeviceProp properties = new cudaDeviceProp();
    boolean asked = false;
    try {
      Cudart.check(
          cudart.cudaGetDeviceProperties(properties, device.index()), "cudaGetDeviceProperties");
      asked = true;
      return properties;
    } finally {
      if (!asked) {
        properties.close();
      }
    }
  }

  /**
   * Checks that a device is the same for the presets and for Octet's kernels, which may have CUDA
   * runtimes of their own: else a stream of one means nothing to the other.
   *
   * @throws IllegalStateException if it is not
   */
  static void requireSame(Device device) {
    if (SAME.contains(device)) {
      return;
    }
    CudaDevices.requireUsable(device);
    try (cudaDeviceProp theirs = properties(device);
        octet_cuda_properties ours = new octet_cuda_properties()) {
      NativeLibrary.check(octet.octet_cuda_device_properties(device.index(), ours));
      String there = describe(theirs.name().getString(), theirs.totalGlobalMem());
      String here = describe(ours.name().getString(), ours.memory());
      if (!there.equals(here)) {
        throw new IllegalStateException(
            device
                + " is "
                + here
                + " for liboctet_cuda and "
                + there
                + " for the CUDA runtime of the presets: they use different drivers, so that"
                + " streams of one mean nothing to the other. Is a library in LD_PRELOAD or"
                + " LD_LIBRARY_PATH in the place of libcudart.so.13 or libcuda.so.1?");
      }
    }
    SAME.add(device);
  }

  private static String describe(String name, long bytes) {
    return name + " with " + bytes + " bytes of memory";
  }
}
