// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.benchmarks.cuda.CublasLt;
import dev.octet.benchmarks.cuda.CublasLtGemm;
import dev.octet.benchmarks.cuda.CudaGemm;
import dev.octet.benchmarks.cuda.CudaMlp;
import dev.octet.benchmarks.cuda.CudaTimer;
import dev.octet.benchmarks.cuda.RandomCodes;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.Device;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Products of s8 matrices on a CUDA device, s8 out with a scale for each column and a bias, beside
 * cuBLASLt's with one scale; and a program in a stream of the presets, its CUDA graph beside its
 * calls. Times are between CUDA events, each run with cold caches. TOPS count a multiplication and
 * an addition as two, GB/s each operand once.
 *
 * <p>Events, streams and cuBLASLt are those of JavaCPP's presets for CUDA: the jar {@code
 * org.bytedeco:cuda} with the classifier of the platform has to be on the class path, and CUDA 13's
 * runtime on the machine. On an emulated device shapes are small, everything is run once, and there
 * are no figures. No GPU has run this suite yet.
 */
final class CudaSuite extends OwningSuite {
  static final String NAME = "cuda";

  private static final String PEER = "cuBLASLt";
  private static final int[][] SHAPES = {
    {1, 4096, 4096},
    {8, 4096, 4096},
    {16, 4096, 4096},
    {17, 4096, 4096},
    {32, 4096, 4096},
    {64, 4096, 4096},
    {128, 4096, 4096},
    {512, 4096, 4096},
    {1024, 8192, 8192},
    {4096, 4096, 4096},
    {1024, 8192, 21760},
    {8192, 8192, 8192},
    {4096, 384, 1536},
    {12288, 768, 768},
    {12288, 3072, 768}
  };
  private static final int[][] SMALL_SHAPES = {
    {1, 64, 128}, {16, 64, 128}, {32, 64, 128}, {70, 96, 192}
  };

  /** Rows, width and hidden width of programs. */
  private static final int[][] PROGRAMS = {{1, 1024, 4096}, {128, 1024, 4096}, {4096, 1024, 4096}};

  private static final int[][] SMALL_PROGRAMS = {{3, 32, 64}};

  private final CudaTimer timer;
  private final String whyNoPeer;

  /** Null if the peer is missing. */
  private final CublasLt cublasLt;

  /**
   * Makes matrices and programs.
   *
   * @throws UnsupportedOperationException if the first device or the presets can't be used; the
   *     message says what is missing
   */
  CudaSuite() {
    super(NAME);
    timer = own(new CudaTimer(Device.cuda(0)));
    whyNoPeer = CublasLt.whyMissing();
    boolean made = false;
    try {
      cublasLt = whyNoPeer.isEmpty() ? own(new CublasLt(timer.stream())) : null;
      for (int[] shape : timer.isEmulated() ? SMALL_SHAPES : SHAPES) {
        product(shape[0], shape[1], shape[2]);
      }
      for (int[] shape : timer.isEmulated() ? SMALL_PROGRAMS : PROGRAMS) {
        program(shape[0], shape[1], shape[2]);
      }
      made = true;
    } finally {
      if (!made) {
        close();
      }
    }
  }

  private void product(int m, int n, int k) {
    DeviceBlock a = own(RandomCodes.onDevice(timer.device(), (long) m * k, m));
    try (NativeBlock weights = RandomCodes.onHost((long) n * k, n)) {
      CudaGemm ours = own(new CudaGemm(timer.stream(), a, weights, m, n, k));
      Optional<CublasLtGemm> peer =
          cublasLt == null
              ? Optional.empty()
              : CublasLtGemm.plan(cublasLt, timer, a, weights, m, n, k).map(this::own);
      String why = cublasLt == null ? whyNoPeer : "no kernel for the shape";
      add(
          new Comparison(
              "s8 product " + m + " x " + n + " x " + k,
              way(ours::run),
              peer.map(p -> way(p::run)).orElse(null),
              peer.isPresent() ? PEER + ", one scale, no bias" : PEER + ": " + why,
              List.of(
                  Figure.latency(),
                  Figure.operations(2.0 * m * n * k),
                  Figure.bandwidth((double) m * k + (double) n * k + (double) m * n))));
    }
  }

  private void program(int rows, int width, int hidden) {
    CudaMlp graph = own(new CudaMlp(timer.stream(), rows, width, hidden, true));
    CudaMlp calls = own(new CudaMlp(timer.stream(), rows, width, hidden, false));
    add(
        new Comparison(
            "layers " + width + " - " + hidden + " - " + width + ", " + rows + " rows, f32 in, out",
            way(graph::run),
            way(calls::run),
            "the same without a CUDA graph",
            List.of(Figure.latency(), Figure.operations(4.0 * rows * width * hidden))));
  }

  private Way way(Runnable call) {
    return sliceNanos -> timer.nanoseconds(sliceNanos, call);
  }

  @Override
  public Map<String, String> peers() {
    return cublasLt == null ? Map.of() : Map.of("cublaslt", CublasLt.version());
  }

  @Override
  public String accelerator() {
    return timer.describe();
  }

  @Override
  public void close() {
    timer.stream().synchronize();
    super.close();
  }
}
