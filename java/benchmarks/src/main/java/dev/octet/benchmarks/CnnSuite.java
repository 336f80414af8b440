// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import ai.onnxruntime.OnnxJavaType;
import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.bindings.NativeLibrary;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * ResNet-18, MobileNetV2 and MobileNetV3-Large of random weights, from float images to float
 * scores: Octet's programs beside libtorch's interpreter of the TorchScript files, and ONNX Runtime
 * in floats and statically quantized.
 */
final class CnnSuite extends TensorSuite {
  static final String NAME = "cnn";

  private static final int RESNET_WIDTH = 64;
  private static final int MOBILENET_WIDTH = 32;
  private static final int MOBILENET_V3_WIDTH = 16;
  private static final int SIZE = 224;
  private static final int[] BATCHES = {1, 8};

  private final Path folder;

  CnnSuite() {
    super(NAME);
    try {
      folder = Files.createTempDirectory("octet-bench");
      Path resNet = folder.resolve("resnet.pt");
      compare(CnnModel.resNet(RESNET_WIDTH, SIZE, resNet), resNet);
      Path mobileNet = folder.resolve("mobilenet.pt");
      compare(CnnModel.mobileNet(MOBILENET_WIDTH, SIZE, mobileNet), mobileNet);
      Path mobileNetV3 = folder.resolve("mobilenet-v3.pt");
      compare(CnnModel.mobileNetV3(MOBILENET_V3_WIDTH, SIZE, mobileNetV3), mobileNetV3);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void compare(CnnModel model, Path script) {
    Session session = own(Session.open(model.lowered().program()));
    JitModule jit = own(torch.load(script.toString()));
    jit.eval();
    for (int batch : BATCHES) {
      compare(model, session, jit, images(SIZE, batch));
    }
  }

  private static float[] images(int size, int batch) {
    Random random = new Random(3);
    float[] images = new float[batch * 3 * size * size];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    return images;
  }

  @Override
  public Map<String, String> peers() {
    return withPeer("onnxruntime", OnnxSession.version());
  }

  private void compare(CnnModel model, Session session, JitModule jit, float[] images) {
    int size = size(model);
    int batch = images.length / (3 * size * size);
    int classes = model.onnx().classes();
    IoBinding binding = octet(session, images, size, direct(new float[batch * classes]));
    Runnable ours = binding::run;
    String name = model.name() + ", " + size + " x " + size + ", batch " + batch;
    add(
        Comparison.latency(
            name,
            ours,
            "ONNX Runtime static int8",
            onnx(model.onnx().quantized(batch, model.images()), images, size, classes)));
    add(
        Comparison.latency(
            name,
            ours,
            "ONNX Runtime f32",
            onnx(model.onnx().floats(batch), images, size, classes)));
    add(Comparison.latency(name, ours, "libtorch f32", libtorch(jit, images, size)));
  }

  private static int size(CnnModel model) {
    return (int) model.lowered().program().inputs().get(0).shape().get(-1).value();
  }

  static IoBinding octet(Session session, float[] images, int size, ByteBuffer scores) {
    long batch = images.length / (3L * size * size);
    return session
        .bind()
        .input("x", TensorData.of(direct(images).asFloatBuffer(), batch, 3, size, size))
        .output("output", TensorData.of(scores.asFloatBuffer()));
  }

  private Runnable onnx(byte[] model, float[] images, int size, int classes) {
    OnnxSession session = own(new OnnxSession(model, NativeLibrary.threads()));
    int batch = images.length / (3 * size * size);
    bind(session, images, size, direct(new float[batch * classes]), classes);
    return session::run;
  }

  static void bind(OnnxSession session, float[] images, int size, ByteBuffer scores, int classes) {
    long batch = images.length / (3L * size * size);
    session
        .input("x", OnnxJavaType.FLOAT, direct(images), batch, 3, size, size)
        .output("y", OnnxJavaType.FLOAT, scores, batch, classes);
  }

  private Runnable libtorch(JitModule jit, float[] images, int size) {
    long batch = images.length / (3L * size * size);
    IValue x = own(new IValue(own(Tensors.floats(images, batch, 3, size, size))));
    return () -> {
      try (IValueVector arguments = new IValueVector(1)) {
        arguments.put(0, x);
        try (IValue result = jit.forward(arguments);
            Tensor scores = result.toTensor()) {
          if (!scores.defined()) {
            throw new IllegalStateException("the model gave no result");
          }
        }
      }
    };
  }

  static ByteBuffer direct(float[] values) {
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
    buffer.asFloatBuffer().put(values);
    return buffer;
  }

  @Override
  public void close() {
    super.close();
    try {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
