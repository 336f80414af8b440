// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.jmh;

import static org.bytedeco.pytorch.global.torch.empty_like;
import static org.bytedeco.pytorch.global.torch.fake_quantize_per_tensor_affine;
import static org.bytedeco.pytorch.global.torch.randn;

import dev.octet.bindings.global.octet;
import dev.octet.quantization.kernel.Grid;
import dev.octet.quantization.kernel.QuantizeKernels;
import dev.octet.quantization.quantizer.QuantizerOptions;
import dev.octet.quantization.quantizer.SymmetricUniformQuantizer;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a call costs before any work is done: a tensor of 16 elements, on one thread. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class CallOverheadBenchmark {
  private static final int ELEMENTS = 16;

  private NoGradGuard noGrad;
  private Tensor x;
  private Tensor out;
  private SymmetricUniformQuantizer quantizer;
  private Grid grid;

  @Setup
  public void setUp() {
    noGrad = new NoGradGuard();
    x = randn(ELEMENTS);
    out = empty_like(x);
    quantizer = new SymmetricUniformQuantizer(QuantizerOptions.ofBits(8));
    quantizer.setQuantRange(-3, 3);
    grid =
        new Grid(quantizer.delta(), null, quantizer.intMin(), quantizer.intMax(), false, 1e-8f, -1);
  }

  @TearDown
  public void tearDown() {
    quantizer.close();
    out.close();
    x.close();
    noGrad.close();
  }

  /** The least that a call into the library can cost. */
  @Benchmark
  public int emptyCall() {
    return octet.octet_get_num_threads();
  }

  /** From tensors to the kernel and back. */
  @Benchmark
  public void kernel() {
    QuantizeKernels.fakeQuantize(grid, x, out);
  }

  /** As a model calls it, with the allocation of the output. */
  @Benchmark
  public void forward() {
    quantizer.forward(x).close();
  }

  /** The peer, with the allocation of the output. */
  @Benchmark
  public void libtorch() {
    fake_quantize_per_tensor_affine(x, 0.02, 0, -128, 127).close();
  }
}
