// SPDX-License-Identifier: Apache-2.0
package dev.octet.bindings;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.octet.bindings.global.octet;
import java.util.Random;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.SizeTPointer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A matrix product on a device by nothing but the C API, as a benchmark of kernels would make it.
 */
@Tag("cuda")
class CudaKernelTest {
  private static final int M = 17;
  private static final int N = 19;
  private static final int K = 45;

  private PointerPointer<Pointer> out;

  @BeforeEach
  void needsCuda() {
    String reason = NativeLibrary.whyNoCuda();
    boolean needed = System.getenv("OCTET_TEST_NEED_CUDA") != null;
    assertTrue(reason.isEmpty() || !needed, reason);
    assumeTrue(reason.isEmpty(), reason);
  }

  private static DLTensor tensor(int device, Pointer data, int code, int bits, long... shape) {
    DLTensor tensor = new DLTensor();
    tensor.device().device_type(device).device_id(0);
    tensor.dtype().code((byte) code).bits((byte) bits).lanes((short) 1);
    return tensor
        .data(data)
        .ndim(shape.length)
        .shape(new LongPointer(shape))
        .strides(null)
        .byte_offset(0);
  }

  private static octet_grid grid(float... scales) {
    DLTensor delta =
        tensor(octet.kDLCPU, new FloatPointer(scales), octet.kDLFloat, 32, scales.length);
    return new octet_grid()
        .delta(delta)
        .zero_float(null)
        .int_min(-128)
        .int_max(127)
        .scale_domain(octet.OCTET_SCALE_LINEAR)
        .eps(Float.MIN_NORMAL)
        .axis(scales.length == 1 ? -1 : 0);
  }

  private static BytePointer aligned(long bytes) {
    BytePointer memory = new BytePointer(bytes + 64);
    return memory.position((64 - memory.address() % 64) % 64);
  }

  private Pointer onDevice(long bytes) {
    NativeLibrary.check(octet.octet_cuda_allocate(0, bytes, out));
    return bytes == 0 ? null : out.get(0);
  }

  private static byte[] bytes(Random random, int count) {
    byte[] values = new byte[count];
    random.nextBytes(values);
    return values;
  }

  private static long size(SizeTPointer size, int status) {
    NativeLibrary.check(status);
    return size.get();
  }

  @Test
  void aMatrixProductHasTheBitsOfTheCpu() {
    try (PointerScope scope = new PointerScope();
        SizeTPointer size = new SizeTPointer(1)) {
      out = new PointerPointer<>(1);
      Random random = new Random(1);
      float[] scales = new float[N];
      for (int i = 0; i < N; i++) {
        scales[i] = 0.01f + 0.001f * random.nextInt(100);
      }
      BytePointer a = new BytePointer(bytes(random, M * K));
      DLTensor weights =
          tensor(octet.kDLCPU, new BytePointer(bytes(random, N * K)), octet.kDLInt, 8, N, K);
      octet_grid grid = grid(0.05f);
      int format = octet.OCTET_WEIGHTS_8_BIT;
      BytePointer packed = aligned(size(size, octet.octet_gemm_pack_size(weights, format, size)));
      long packedBytes = size.get();
      NativeLibrary.check(
          octet.octet_gemm_pack(weights, grid(scales), format, packed, packedBytes));

      DLTensor hostA = tensor(octet.kDLCPU, a, octet.kDLInt, 8, M, K);
      long bytes = size(size, octet.octet_gemm_workspace_size(hostA, packed, packedBytes, size));
      FloatPointer expected = new FloatPointer((long) M * N);
      NativeLibrary.check(
          octet.octet_gemm(
              hostA,
              grid,
              packed,
              packedBytes,
              null,
              tensor(octet.kDLCPU, expected, octet.kDLFloat, 32, M, N),
              aligned(bytes),
              bytes,
              null));

      NativeLibrary.check(octet.octet_cuda_stream_create(0, out));
      Pointer stream = out.get(0);
      BytePointer handle = aligned(octet.OCTET_GEMM_DEVICE_HANDLE_BYTES);
      long handleBytes = octet.OCTET_GEMM_DEVICE_HANDLE_BYTES;
      long blockBytes = size(size, octet.octet_gemm_device_size(packed, packedBytes, size));
      Pointer block = onDevice(blockBytes);
      NativeLibrary.check(
          octet.octet_gemm_to_device(packed, packedBytes, 0, block, blockBytes, handle, stream));
      Pointer deviceA = onDevice(M * K);
      Pointer deviceOut = onDevice(4L * M * N);
      NativeLibrary.check(octet.octet_cuda_copy(0, deviceA, a, M * K, stream));
      DLTensor there = tensor(octet.kDLCUDA, deviceA, octet.kDLInt, 8, M, K);
      long needed = size(size, octet.octet_gemm_workspace_size(there, handle, handleBytes, size));
      Pointer workspace = onDevice(needed);
      NativeLibrary.check(
          octet.octet_gemm(
              there,
              grid,
              handle,
              handleBytes,
              null,
              tensor(octet.kDLCUDA, deviceOut, octet.kDLFloat, 32, M, N),
              workspace,
              needed,
              stream));
      FloatPointer actual = new FloatPointer((long) M * N);
      NativeLibrary.check(octet.octet_cuda_copy(0, actual, deviceOut, 4L * M * N, stream));
      NativeLibrary.check(octet.octet_cuda_synchronize(0, stream));

      float[] onCpu = new float[M * N];
      float[] onCuda = new float[M * N];
      expected.get(onCpu);
      actual.get(onCuda);
      assertArrayEquals(onCpu, onCuda);
      for (Pointer memory : new Pointer[] {block, deviceA, deviceOut, workspace}) {
        assertEquals(octet.OCTET_OK, octet.octet_cuda_free(0, memory));
      }
      assertEquals(octet.OCTET_OK, octet.octet_cuda_stream_destroy(0, stream));
    }
  }
}
