// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import static dev.octet.benchmarks.cuda.CublasLt.check;
import static dev.octet.benchmarks.cuda.CublasLt.made;

import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.Address;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.Device;
import java.util.Optional;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.global.cublas;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.SizeTPointer;

/**
 * cuBLASLt's product of s8 matrices: out [m, n] s8 = round(alpha * a [m, k] * weights [n, k]^T),
 * all in rows without gaps, with one scale and no bias.
 *
 * <p>The library's matrices are of columns: weights [k, n] transposed, activations [k, m], and an
 * output [n, m]. Not layouts of its own, which sm_75's kernels would want: plain rows, as the
 * product beside it has.
 */
public final class CublasLtGemm implements AutoCloseable {
  /** How many kernels are tried. */
  private static final int CANDIDATES = 8;

  /** How long each is timed for. */
  private static final long GLANCE_NANOS = 1_000_000;

  private final CublasLt library;
  private final Address a;
  private final DeviceBlock weights;
  private final DeviceBlock out;
  private final FloatPointer alpha = new FloatPointer(CudaGemm.SCALE * CudaGemm.SCALE);
  private final FloatPointer beta = new FloatPointer(0f);
  private final cublasLtMatmulHeuristicResult_t kernels =
      new cublasLtMatmulHeuristicResult_t(CANDIDATES);
  private final cublasLtMatmulDescOpaque_t description;
  private final cublasLtMatrixLayoutOpaque_t weightLayout;
  private final cublasLtMatrixLayoutOpaque_t activationLayout;
  private final cublasLtMatrixLayoutOpaque_t outLayout;

  private CublasLtGemm(CublasLt library, MemoryBlock a, NativeBlock weights, int m, int n, int k) {
    this.library = library;
    this.a = new Address(a.address());
    Device device = library.stream().device();
    this.weights = RandomCodes.onDevice(device, weights);
    out = DeviceBlock.allocate(device, (long) m * n, "an output");
    description =
        made(
            cublasLtMatmulDescOpaque_t.class,
            "cublasLtMatmulDescCreate",
            d -> cublas.cublasLtMatmulDescCreate(d, cublas.CUBLAS_COMPUTE_32I, cudart.CUDA_R_32F));
    try (IntPointer transposed = new IntPointer(1)) {
      transposed.put(cublas.CUBLAS_OP_T);
      check(
          cublas.cublasLtMatmulDescSetAttribute(
              description, cublas.CUBLASLT_MATMUL_DESC_TRANSA, transposed, Integer.BYTES),
          "cublasLtMatmulDescSetAttribute");
    }
    weightLayout = layout(k, n);
    activationLayout = layout(k, m);
    outLayout = layout(n, m);
  }

  private static cublasLtMatrixLayoutOpaque_t layout(long rows, long columns) {
    return made(
        cublasLtMatrixLayoutOpaque_t.class,
        "cublasLtMatrixLayoutCreate",
        l -> cublas.cublasLtMatrixLayoutCreate(l, cudart.CUDA_R_8I, rows, columns, rows));
  }

  /**
   * Chooses the fastest of the kernels that the heuristics name; the first one where there are no
   * times.
   *
   * @param timer of the library's stream
   * @param a codes [m, k] of the device, the caller's
   * @param weights codes [n, k] of the host, not needed afterwards
   * @return empty if the library has none for the shape
   */
  public static Optional<CublasLtGemm> plan(
      CublasLt library, CudaTimer timer, MemoryBlock a, NativeBlock weights, int m, int n, int k) {
    CublasLtGemm gemm = new CublasLtGemm(library, a, weights, m, n, k);
    boolean chosen = false;
    try {
      chosen = gemm.choose(timer);
    } finally {
      if (!chosen) {
        gemm.close();
      }
    }
    return chosen ? Optional.of(gemm) : Optional.empty();
  }

  private boolean choose(CudaTimer timer) {
    int fastest = -1;
    double least = Double.POSITIVE_INFINITY;
    int found = candidates();
    for (int i = 0; i < found; i++) {
      if (kernels.position(i).state() != cublas.CUBLAS_STATUS_SUCCESS) {
        continue;
      }
      double time = timer.nanoseconds(GLANCE_NANOS, this::run);
      if (fastest < 0 || time < least) {
        fastest = i;
        least = time;
      }
    }
    if (fastest >= 0) {
      kernels.position(fastest);
    }
    return fastest >= 0;
  }

  /** Asks the heuristics for kernels, and returns how many there are. */
  private int candidates() {
    int[] found = new int[1];
    cublasLtMatmulPreferenceOpaque_t preference =
        made(
            cublasLtMatmulPreferenceOpaque_t.class,
            "cublasLtMatmulPreferenceCreate",
            cublas::cublasLtMatmulPreferenceCreate);
    try (SizeTPointer bytes = new SizeTPointer(1)) {
      bytes.put(CublasLt.WORKSPACE_BYTES);
      check(
          cublas.cublasLtMatmulPreferenceSetAttribute(
              preference, cublas.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, bytes, bytes.sizeof()),
          "cublasLtMatmulPreferenceSetAttribute");
      int status =
          cublas.cublasLtMatmulAlgoGetHeuristic(
              library.handle(),
              description,
              weightLayout,
              activationLayout,
              outLayout,
              outLayout,
              preference,
              CANDIDATES,
              kernels,
              found);
      return status == cublas.CUBLAS_STATUS_SUCCESS ? found[0] : 0;
    } finally {
      cublas.cublasLtMatmulPreferenceDestroy(preference);
    }
  }

  /** Enqueues the product in the library's stream. */
  public void run() {
    Address to = new Address(out.address());
    check(
        cublas.cublasLtMatmul(
            library.handle(),
            description,
            alpha,
            new Address(weights.address()),
            weightLayout,
            a,
            activationLayout,
            beta,
            to,
            outLayout,
            to,
            outLayout,
            kernels.algo(),
            library.workspace(),
            CublasLt.WORKSPACE_BYTES,
            library.stream().get()),
        "cublasLtMatmul");
  }

  /** Returns where the output is, which lives as long as this. */
  public MemoryBlock output() {
    return out;
  }

  @Override
  public void close() {
    cublas.cublasLtMatrixLayoutDestroy(outLayout);
    cublas.cublasLtMatrixLayoutDestroy(activationLayout);
    cublas.cublasLtMatrixLayoutDestroy(weightLayout);
    cublas.cublasLtMatmulDescDestroy(description);
    kernels.position(0).close();
    beta.close();
    alpha.close();
    out.close();
    weights.close();
  }
}
