// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.cuda.presets;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import org.bytedeco.javacpp.Loader;

/**
 * Whether JavaCPP's presets for CUDA can be used in this process, and what is missing. This class
 * can be used without them.
 *
 * <p>All methods may be called from any thread.
 */
public final class CudaPresets {
  private static final String CLASSES = "org.bytedeco.cuda.global.cudart";

  private CudaPresets() {}

  private static final class Holder {
    static final String UNAVAILABLE = load();

    private static String load() {
      try {
        Loader.load(Class.forName(CLASSES, false, CudaPresets.class.getClassLoader()));
      } catch (ClassNotFoundException e) {
        return "JavaCPP's presets for CUDA are not on the class path: add " + coordinates("");
      } catch (LinkageError e) {
        return explain(e, Loader.getPlatform());
      }
      return Cudart.whyNoDevice();
    }
  }

  /**
   * Tells why streams, events and properties of the presets can't be used: which artifact is not on
   * the class path, which library is not on the machine, or what the CUDA runtime complains of.
   * Looks for them at the first call.
   *
   * @return the reason, or "" if they can be used
   */
  public static String whyUnavailable() {
    return Holder.UNAVAILABLE;
  }

  /**
   * Checks that streams, events and properties of the presets can be used.
   *
   * @throws UnsupportedOperationException if not; the message is that of {@link #whyUnavailable()}
   */
  public static void requireAvailable() {
    if (!whyUnavailable().isEmpty()) {
      throw new UnsupportedOperationException(whyUnavailable());
    }
  }

  /** Returns the Maven coordinates of the presets that this build was made with. */
  static String coordinates(String classifier) {
    try (InputStream in = CudaPresets.class.getResourceAsStream("version.properties")) {
      Properties properties = new Properties();
      properties.load(in);
      return "org.bytedeco:cuda:"
          + properties.getProperty("version")
          + (classifier.isEmpty() ? "" : ":" + classifier);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Says what is missing if the presets' libraries can't be loaded. */
  static String explain(LinkageError failure, String platform) {
    // What is thrown is of the last place that JavaCPP looked at, its cause of the first.
    Throwable first = failure;
    while (first.getCause() != null) {
      first = first.getCause();
    }
    String said = first.getMessage();
    String what = "JavaCPP's presets for CUDA could not be loaded: ";
    if (said.contains("libcuda.so")) {
      return what + "libcuda.so.1, the NVIDIA driver, is missing: install it (" + said + ")";
    }
    if (said.contains("libcudart.so")) {
      return what
          + "libcudart.so.13, the CUDA runtime, is missing: install it from CUDA 13 or name its"
          + " folder in LD_LIBRARY_PATH; it is looked for there, in /usr/local/cuda/lib64 and on the"
          + " system's library path ("
          + said
          + ")";
    }
    if (said.contains("Could not find jnicudart")) {
      return what
          + "the jar with their native part is not on the class path: add "
          + coordinates(platform);
    }
    return what + said;
  }
}
