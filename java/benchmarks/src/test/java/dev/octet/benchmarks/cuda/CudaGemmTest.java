// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.octet.runtime.NeedsCudaPresets;
import dev.octet.runtime.cuda.CudaStream;
import dev.octet.runtime.cuda.DeviceBlock;
import dev.octet.runtime.memory.MemoryBlock;
import dev.octet.runtime.memory.NativeBlock;
import dev.octet.runtime.type.Device;
import org.junit.jupiter.api.Test;

/** Both ways of a row make the product that the row is named after. */
@NeedsCudaPresets
class CudaGemmTest {
  private static final int M = 20;
  private static final int N = 48;
  private static final int K = 64;

  private static byte[] bytes(NativeBlock block) {
    byte[] bytes = new byte[(int) block.bytes()];
    block.buffer(0, bytes.length).get(bytes);
    return bytes;
  }

  private static byte[] bytes(Device device, MemoryBlock block) {
    try (NativeBlock host = NativeBlock.allocate(block.bytes(), "a test");
        CudaStream stream = CudaStream.create(device)) {
      stream.copy(host.address(), block.address(), block.bytes());
      stream.synchronize();
      return bytes(host);
    }
  }

  private static void check(byte[] a, byte[] weights, byte[] actual, double tolerance) {
    for (int i = 0; i < M; i++) {
      for (int j = 0; j < N; j++) {
        int sum = 0;
        for (int k = 0; k < K; k++) {
          sum += a[i * K + k] * weights[j * K + k];
        }
        double value = Math.rint((double) CudaGemm.SCALE * CudaGemm.SCALE * sum);
        double expected = Math.max(-128, Math.min(127, value));
        assertEquals(expected, actual[i * N + j], tolerance, i + ", " + j + ": " + sum);
      }
    }
  }

  @Test
  void oursIsTheProduct() {
    try (CudaTimer timer = new CudaTimer(Device.cuda(0));
        NativeBlock a = RandomCodes.onHost((long) M * K, 1);
        NativeBlock weights = RandomCodes.onHost((long) N * K, 2);
        DeviceBlock there = RandomCodes.onDevice(timer.device(), a);
        CudaGemm gemm = new CudaGemm(timer.stream(), there, weights, M, N, K)) {
      timer.nanoseconds(1, gemm::run);
      check(bytes(a), bytes(weights), bytes(timer.device(), gemm.output()), 0);
    }
  }

  @Test
  void thePeersIsTheProduct() {
    String missing = CublasLt.whyMissing();
    assumeTrue(missing.isEmpty(), missing);
    try (CudaTimer timer = new CudaTimer(Device.cuda(0));
        NativeBlock a = RandomCodes.onHost((long) M * K, 1);
        NativeBlock weights = RandomCodes.onHost((long) N * K, 2);
        DeviceBlock there = RandomCodes.onDevice(timer.device(), a);
        CublasLt library = new CublasLt(timer.stream());
        CublasLtGemm gemm =
            CublasLtGemm.plan(library, timer, there, weights, M, N, K).orElseThrow()) {
      timer.nanoseconds(1, gemm::run);
      check(bytes(a), bytes(weights), bytes(timer.device(), gemm.output()), 1);
    }
  }
}
