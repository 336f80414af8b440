// SPDX-License-Identifier: Apache-2.0
package dev.octet.cli;

import dev.octet.bindings.NativeLibrary;
import java.nio.file.Files;
import java.nio.file.Path;

/** Says whether CUDA can be used, or what is missing. */
final class CudaProbe {
  private static final Path NVIDIA_DRIVER = Path.of("/proc/driver/nvidia/version");

  private CudaProbe() {}

  static String describe() {
    String driver =
        Files.isReadable(NVIDIA_DRIVER)
            ? "an NVIDIA driver is there"
            : "no NVIDIA driver was found (" + NVIDIA_DRIVER + " does not exist)";
    return "not used: octet " + NativeLibrary.mavenVersion() + " has CPU kernels only; " + driver;
  }
}
