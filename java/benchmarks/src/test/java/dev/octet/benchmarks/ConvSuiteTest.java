// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.runtime.session.Session;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The ways that are compared compute the same. */
class ConvSuiteTest {
  private static final int BATCH = 2;

  @ParameterizedTest
  @CsvSource({
    "3, 11, 8, 7, 2, 1",
    "8, 9, 16, 3, 1, 1",
    "16, 6, 8, 1, 1, 1",
    "32, 9, 32, 3, 1, 8",
    "12, 7, 12, 3, 1, 12",
    "12, 8, 12, 5, 2, 12",
    "12, 9, 12, 7, 1, 12"
  })
  void peersGiveTheSameCodes(int in, int size, int out, int kernel, int stride, int groups) {
    ConvLayer layer = new ConvLayer(new ConvShape(in, size, out, kernel, stride, groups));
    ByteBuffer ours = ConvSuite.out(layer, BATCH);
    try (Session session = Session.open(layer.program(BATCH))) {
      ConvSuite.bind(session, layer, BATCH, ours).run();
    }
    ByteBuffer onnx = ConvSuite.out(layer, BATCH);
    try (OnnxSession session = new OnnxSession(layer.onnx(BATCH), 1)) {
      ConvSuite.bind(session, layer, BATCH, onnx);
      session.run();
    }
    ByteBuffer torch = ConvSuite.out(layer, BATCH);
    try (LibtorchInt8Conv conv = new LibtorchInt8Conv(layer, BATCH);
        Tensor quantized = conv.output();
        Tensor codes = quantized.int_repr();
        Tensor channelsLast = codes.permute(0, 2, 3, 1);
        Tensor compact = channelsLast.contiguous(MemoryFormat.Contiguous)) {
      torch.put(new BytePointer(compact.data_ptr()).capacity(torch.capacity()).asByteBuffer());
    }
    int inside = 0;
    for (int i = 0; i < ours.capacity(); i++) {
      int code = ours.get(i) & 0xff;
      inside += code > 0 && code < 255 ? 1 : 0;
      // A step apart where scales are multiplied in another order.
      assertTrue(Math.abs(code - (onnx.get(i) & 0xff)) <= 1, "ONNX Runtime, element " + i);
      assertTrue(Math.abs(code - (torch.get(i) & 0xff)) <= 1, "libtorch, element " + i);
    }
    assertTrue(inside > ours.capacity() / 8, inside + " of " + ours.capacity());
  }
}
