// SPDX-License-Identifier: Apache-2.0
package dev.octet.bindings;

import dev.octet.bindings.global.octet;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;

/**
 * The native library as a whole: loading, version, instruction set, threads, and the translation of
 * a call's status.
 *
 * <p>All methods may be called from any thread.
 */
public final class NativeLibrary {
  private NativeLibrary() {}

  private static final class Holder {
    static final Throwable FAILURE = load();

    private static Throwable load() {
      try {
        Loader.load(octet.class);
        return null;
      } catch (UnsatisfiedLinkError | RuntimeException e) {
        return e;
      }
    }
  }

  /**
   * Loads the native library, if that was not done before.
   *
   * @throws NativeLibraryException if it can't be loaded; the message says what is missing
   */
  public static void load() {
    if (Holder.FAILURE != null) {
      throw new NativeLibraryException(explain(), Holder.FAILURE);
    }
  }

  private static String explain() {
    String platform = Loader.getPlatform();
    String resource = "/dev/octet/bindings/" + platform + "/" + System.mapLibraryName("jnioctet");
    String what = "Octet's native library could not be loaded for platform " + platform + ": ";
    if (NativeLibrary.class.getResource(resource) == null) {
      return what
          + "it is not on the class path. Add dev.octet:octet-bindings:"
          + mavenVersion()
          + ":"
          + platform
          + " (the jar with this classifier), or name a folder that holds "
          + System.mapLibraryName("jnioctet")
          + " with -Dorg.bytedeco.javacpp.platform.library.path=DIR";
    }
    return what
        + Holder.FAILURE.getMessage()
        + ". Libraries are unpacked to "
        + System.getProperty(
            "org.bytedeco.javacpp.cachedir", System.getProperty("user.home") + "/.javacpp/cache")
        + " (it must be writable and allow execution; -Dorg.bytedeco.javacpp.cachedir=DIR chooses"
        + " another folder)";
  }

  /** Returns the version of this jar, as Maven knows it. */
  public static String mavenVersion() {
    try (InputStream in = NativeLibrary.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return properties.getProperty("version");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the version of the loaded native library. */
  public static String version() {
    load();
    return octet.octet_version().getString();
  }

  /** Returns the file from which the native library was loaded. */
  public static String path() {
    load();
    return Loader.load(octet.class);
  }

  /** Returns the instruction set in use. */
  public static InstructionSet instructionSet() {
    load();
    return InstructionSet.of(octet.octet_get_isa());
  }

  /** Tells whether this machine and this build can run an instruction set. */
  public static boolean isAvailable(InstructionSet isa) {
    load();
    return octet.octet_isa_available(isa.code()) != 0;
  }

  /**
   * Chooses the instruction set of calls that start from now on; for tests and benchmarks.
   *
   * @throws UnsupportedOperationException if the machine or the build lacks it
   */
  public static void setInstructionSet(InstructionSet isa) {
    load();
    check(octet.octet_set_isa(isa.code()));
  }

  /** Returns the most threads that one call may use, the calling one included. */
  public static int threads() {
    load();
    return octet.octet_get_num_threads();
  }

  /**
   * Sets the most threads that one call may use, the calling one included; 1 starts none.
   *
   * @throws IllegalArgumentException unless {@code 1 <= threads <= 1024}
   */
  public static void setThreads(int threads) {
    load();
    check(octet.octet_set_num_threads(threads));
  }

  private static final class Cuda {
    static final String UNAVAILABLE = load();

    /** What is missing, or "" if nothing is. */
    private static String load() {
      NativeLibrary.load();
      BytePointer file = null;
      URL packed =
          NativeLibrary.class.getResource(
              "/dev/octet/bindings/"
                  + Loader.getPlatform()
                  + "/"
                  + System.mapLibraryName("octet_cuda"));
      // Without one in the jar the library looks for itself: next to it, then on the system's path.
      if (packed != null && System.getenv("OCTET_CUDA_LIBRARY") == null) {
        try {
          file = new BytePointer(Loader.cacheResource(packed).getPath());
        } catch (IOException e) {
          return "the library with the CUDA kernels can't be unpacked: " + e.getMessage();
        }
      }
      try (BytePointer path = file) {
        octet.octet_cuda_load(path);
        return octet.octet_cuda_unavailable().getString();
      }
    }
  }

  /**
   * Tells why tensors on CUDA devices can't be used: what is missing of library, CUDA runtime,
   * driver, device and architecture. Looks for them at the first call.
   *
   * @return the reason, or "" if they can be used
   */
  public static String whyNoCuda() {
    return Cuda.UNAVAILABLE;
  }

  /**
   * Describes the CUDA devices and versions, in one line a device.
   *
   * @return empty if CUDA can't be used
   */
  public static List<String> cudaDevices() {
    List<String> lines = new ArrayList<>();
    if (!whyNoCuda().isEmpty()) {
      return lines;
    }
    int[] count = new int[1];
    check(octet.octet_cuda_device_count(count));
    try (octet_cuda_properties properties = new octet_cuda_properties()) {
      for (int device = 0; device < count[0]; device++) {
        check(octet.octet_cuda_device_properties(device, properties));
        lines.add(describe(device, properties));
      }
    }
    return lines;
  }

  private static String describe(int device, octet_cuda_properties properties) {
    return String.format(
        Locale.ROOT,
        "cuda:%d %s, sm_%d%d, %d multiprocessors, %.1f GB%s",
        device,
        properties.name().getString(),
        properties.major(),
        properties.minor(),
        properties.multiprocessors(),
        properties.memory() / 1e9,
        properties.supported() != 0 ? "" : ", without kernels in this build");
  }

  /**
   * Throws what a status stands for, with the library's words; returns if it is {@code OCTET_OK}.
   *
   * <p>To be called on the thread that made the call.
   *
   * @throws IllegalArgumentException for {@code OCTET_INVALID_ARGUMENT}
   * @throws UnsupportedOperationException for {@code OCTET_UNSUPPORTED}
   * @throws OutOfMemoryError for {@code OCTET_OUT_OF_MEMORY}
   * @throws IllegalStateException for {@code OCTET_DEVICE_ERROR} and {@code OCTET_INTERNAL}
   */
  public static void check(int status) {
    if (status != octet.OCTET_OK) {
      fail(status);
    }
  }

  private static void fail(int status) {
    BytePointer words = octet.octet_last_error();
    String message = words == null ? "" : words.getString();
    switch (status) {
      case octet.OCTET_INVALID_ARGUMENT:
        throw new IllegalArgumentException(message);
      case octet.OCTET_UNSUPPORTED:
        throw new UnsupportedOperationException(message);
      case octet.OCTET_OUT_OF_MEMORY:
        throw new OutOfMemoryError(message);
      case octet.OCTET_DEVICE_ERROR:
        throw new IllegalStateException(message);
      default:
        throw new IllegalStateException("defect in Octet (status " + status + "): " + message);
    }
  }
}
