// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import ai.onnxruntime.OnnxJavaType;
import dev.octet.benchmarks.onnx.OnnxSession;
import dev.octet.bindings.NativeLibrary;
import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.session.IoBinding;
import dev.octet.runtime.session.Session;
import dev.octet.runtime.session.TensorData;
import java.nio.ByteBuffer;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Convolutions of the shapes of ResNets, ResNeXt, MobileNets, EfficientNet and ConvNeXt, bias and
 * ReLU included: Octet as a session of one operation beside libtorch's quantized and float
 * operators and ONNX Runtime's QLinearConv. The integer ways take and give codes, channels last;
 * the float one floats.
 */
final class ConvSuite extends TensorSuite {
  static final String NAME = "conv";

  private static final int[] BATCHES = {1, 8};
  private static final ConvShape[] SHAPES = {
    new ConvShape(3, 224, 64, 7, 2, 1),
    new ConvShape(64, 56, 64, 3, 1, 1),
    new ConvShape(64, 56, 128, 3, 2, 1),
    new ConvShape(128, 28, 128, 3, 1, 1),
    new ConvShape(256, 14, 256, 3, 1, 1),
    new ConvShape(512, 7, 512, 3, 1, 1),
    new ConvShape(64, 56, 256, 1, 1, 1),
    new ConvShape(256, 56, 64, 1, 1, 1),
    new ConvShape(128, 56, 128, 3, 1, 32),
    new ConvShape(256, 28, 256, 3, 1, 32),
    new ConvShape(144, 56, 144, 3, 1, 144),
    new ConvShape(144, 56, 144, 3, 2, 144),
    new ConvShape(240, 28, 240, 5, 1, 240),
    new ConvShape(144, 56, 144, 5, 2, 144),
    new ConvShape(96, 56, 96, 7, 1, 96),
    new ConvShape(3, 224, 32, 3, 2, 1),
    new ConvShape(96, 56, 24, 1, 1, 1)
  };

  ConvSuite() {
    super(NAME);
    for (int batch : BATCHES) {
      for (ConvShape shape : SHAPES) {
        compare(new ConvLayer(shape), batch);
      }
    }
  }

  @Override
  public Map<String, String> peers() {
    return withPeer("onnxruntime", OnnxSession.version());
  }

  private void compare(ConvLayer layer, int batch) {
    String name = layer.shape + ", batch " + batch;
    Runnable ours = octet(layer, batch);
    LibtorchInt8Conv quantized = own(new LibtorchInt8Conv(layer, batch));
    add(Comparison.latency(name, ours, "ONNX Runtime QLinearConv", onnxRuntime(layer, batch)));
    add(Comparison.latency(name, ours, "libtorch quantized", quantized::run));
    add(Comparison.latency(name, ours, "libtorch f32", libtorch(layer, batch)));
  }

  private Runnable octet(ConvLayer layer, int batch) {
    IoBinding binding =
        bind(own(Session.open(layer.program(batch))), layer, batch, out(layer, batch));
    return binding::run;
  }

  static IoBinding bind(Session session, ConvLayer layer, int batch, ByteBuffer out) {
    return session
        .bind()
        .input(
            "x", TensorData.of(direct(layer.codes(batch)), session.inputs().get(0).shape().sizes()))
        .output("y", TensorData.of(out));
  }

  private Runnable onnxRuntime(ConvLayer layer, int batch) {
    OnnxSession session = own(new OnnxSession(layer.onnx(batch), NativeLibrary.threads()));
    bind(session, layer, batch, out(layer, batch));
    return session::run;
  }

  static void bind(OnnxSession session, ConvLayer layer, int batch, ByteBuffer out) {
    ConvShape shape = layer.shape;
    long size = shape.size();
    long outSize = shape.outSize();
    session
        .input("x", OnnxJavaType.UINT8, direct(layer.codes(batch)), batch, size, size, shape.in())
        .output("y", OnnxJavaType.UINT8, out, batch, outSize, outSize, shape.out());
  }

  private Runnable libtorch(ConvLayer layer, int batch) {
    ConvShape shape = layer.shape;
    Tensor x = own(torch.randn(batch, shape.in(), shape.size(), shape.size()));
    Tensor weights =
        own(
            Tensors.floats(
                layer.floatWeights(),
                shape.out(),
                shape.inOfGroup(),
                shape.kernel(),
                shape.kernel()));
    Tensor bias = own(Tensors.floats(layer.floatBias(), shape.out()));
    TensorOptional optional = own(new TensorOptional(bias));
    long[] stride = {shape.stride(), shape.stride()};
    long[] padding = {shape.padding(), shape.padding()};
    long[] dilation = {1, 1};
    return () -> {
      try (Tensor y =
          torch.conv2d(x, weights, optional, stride, padding, dilation, shape.groups())) {
        y.relu_();
      }
    };
  }

  static ByteBuffer out(ConvLayer layer, int batch) {
    int size = layer.shape.outSize();
    return ByteBuffer.allocateDirect(batch * size * size * layer.shape.out());
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }
}
