// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.quantization.lower.LoweringReport.Arithmetic;
import dev.octet.runtime.session.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways that are compared compute the same network. */
class CnnSuiteTest {
  private static final int SIZE = 64;

  @TempDir Path folder;

  @Test
  void everyWayGivesTheScoresOfResNet() throws IOException {
    Path script = folder.resolve("resnet.pt");
    check(CnnModel.resNet(16, SIZE, script), script, 21, 0.99);
  }

  /** Its results go through two and a half times as many grids as those of ResNet-18. */
  @Test
  void everyWayGivesTheScoresOfMobileNet() throws IOException {
    Path script = folder.resolve("mobilenet.pt");
    check(CnnModel.mobileNet(16, SIZE, script), script, 53, 0.97);
  }

  /** Squeeze and excitation adds to the grids. */
  @Test
  void everyWayGivesTheScoresOfMobileNetV3() throws IOException {
    Path script = folder.resolve("mobilenet-v3.pt");
    check(CnnModel.mobileNetV3(8, SIZE, script), script, 64, 0.95);
  }

  private static void check(CnnModel model, Path script, int integerLayers, double least) {
    assertEquals(
        integerLayers,
        model.lowered().report().rows(Arithmetic.INTEGER).size(),
        () -> model.lowered().report().toString());
    int batch = model.images().length / (3 * SIZE * SIZE);
    float[] expected = libtorch(script, model.images(), batch);
    ByteBuffer scores = CnnSuite.direct(new float[expected.length]);
    try (Session session = Session.open(model.lowered().program())) {
      CnnSuite.octet(session, model.images(), SIZE, scores).run();
    }
    double octet = cosine(expected, scores);
    double onnxFloats = onnx(model, model.onnx().floats(batch), expected);
    double onnx = onnx(model, model.onnx().quantized(batch, model.images()), expected);
    assertTrue(onnxFloats > 0.999999, "ONNX Runtime in floats: " + onnxFloats);
    assertTrue(onnx > least, "ONNX Runtime: " + onnx);
    assertTrue(octet > least, "Octet: " + octet);
  }

  private static float[] libtorch(Path script, float[] images, int batch) {
    try (JitModule jit = torch.load(script.toString());
        Tensor x = Tensors.floats(images, batch, 3, SIZE, SIZE);
        IValue argument = new IValue(x);
        IValueVector arguments = new IValueVector(1)) {
      jit.eval();
      arguments.put(0, argument);
      try (IValue result = jit.forward(arguments);
          Tensor scores = result.toTensor()) {
        return Tensors.toFloats(scores);
      }
    }
  }

  private static double onnx(CnnModel model, byte[] file, float[] expected) {
    ByteBuffer scores = CnnSuite.direct(new float[expected.length]);
    try (OnnxSession session = new OnnxSession(file, 1)) {
      CnnSuite.bind(session, model.images(), SIZE, scores, model.onnx().classes());
      session.run();
    }
    return cosine(expected, scores);
  }

  private static double cosine(float[] expected, ByteBuffer scores) {
    float[] given = new float[expected.length];
    scores.asFloatBuffer().get(0, given);
    double product = 0;
    for (int i = 0; i < given.length; i++) {
      product += (double) expected[i] * given[i];
    }
    return product / Math.sqrt(squares(expected) * squares(given));
  }

  private static double squares(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += (double) value * value;
    }
    return sum;
  }
}
