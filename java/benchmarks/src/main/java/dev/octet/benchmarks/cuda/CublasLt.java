// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.cuda.presets.PresetStream;
import dev.octet.runtime.memory.Address;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;

/**
 * cuBLASLt by the presets, where it is installed. No machine that had it was at hand: what is here
 * follows cpp/bench/cuda/cublaslt.cc and was tried with a stand-in that has the library's
 * functions, but has not run with the library itself, or on a GPU.
 */
public final class CublasLt implements AutoCloseable {
  /** Bytes that products may use. */
  static final long WORKSPACE_BYTES = 32L << 20;

  private static final Pattern NO_FILE =
      Pattern.compile("(lib\\S+): cannot open shared object file");

  private final PresetStream stream;
  private final cublasLtContext handle = new cublasLtContext();
  private final DeviceBlock workspace;

  /**
   * Starts the library.
   *
   * @param stream in which products work
   * @throws IllegalStateException if it fails
   */
  public CublasLt(PresetStream stream) {
    this.stream = stream;
    check(cublas.cublasLtCreate(handle), "cublasLtCreate");
    workspace = DeviceBlock.allocate(stream.device(), WORKSPACE_BYTES, "cuBLASLt's workspace");
  }

  private static final class Holder {
    static final String MISSING = load();

    private static String load() {
      try {
        Loader.load(cublas.class);
        return "";
      } catch (LinkageError e) {
        Throwable first = e;
        while (first.getCause() != null) {
          first = first.getCause();
        }
        Matcher file = NO_FILE.matcher(first.getMessage());
        return file.find() ? file.group(1) + " is not installed" : first.getMessage();
      }
    }
  }

  /** Tells why there is nothing to compare with; "" if there is. Needs no more than the presets. */
  public static String whyMissing() {
    return Holder.MISSING;
  }

  /** Returns the version: 10000 * major + 100 * minor + patch. */
  public static String version() {
    return Long.toString(cublas.cublasLtGetVersion());
  }

  cublasLtContext handle() {
    return handle;
  }

  PresetStream stream() {
    return stream;
  }

  Address workspace() {
    return new Address(workspace.address());
  }

  /** Returns what a function of the library stores a pointer to. */
  static <P extends Pointer> P made(
      Class<P> type, String function, ToIntFunction<PointerPointer<P>> create) {
    try (PointerPointer<P> place = new PointerPointer<>(1)) {
      check(create.applyAsInt(place), function);
      return place.get(type, 0);
    }
  }

  static void check(int status, String function) {
    if (status != cublas.CUBLAS_STATUS_SUCCESS) {
      throw new IllegalStateException(
          function + " failed: " + cublas.cublasLtGetStatusName(status).getString());
    }
  }

  /** Ends the library; products must be closed. */
  @Override
  public void close() {
    workspace.close();
    cublas.cublasLtDestroy(handle);
  }
}
