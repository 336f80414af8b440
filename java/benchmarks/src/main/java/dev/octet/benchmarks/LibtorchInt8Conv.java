// SPDX-License-Identifier: Apache-2.0
package dev.octet.benchmarks;

import dev.octet.quantization.kernel.Tensors;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScriptTypeParser;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type.TypePtr;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * libtorch's statically quantized convolution with ReLU. Its engine for x86 chooses between FBGEMM
 * and oneDNN; images are channels last, which is what both want.
 */
final class LibtorchInt8Conv implements AutoCloseable {
  private final OperatorHandle conv =
      Dispatcher.singleton().findSchemaOrThrow("quantized::conv2d_relu", "new");
  private final IValueVector stack = new IValueVector(4);
  private final IValue packed;
  private final IValue x;
  private final IValue outScale;
  private final IValue outZeroPoint = new IValue(0L);

  LibtorchInt8Conv(ConvLayer layer, int batch) {
    ConvShape shape = layer.shape;
    outScale = new IValue((double) layer.outScale);
    try (Tensor floats =
            Tensors.floats(
                layer.floatWeights(),
                shape.out(),
                shape.inOfGroup(),
                shape.kernel(),
                shape.kernel());
        Tensor scales = Tensors.floats(layer.scales, shape.out());
        Tensor zeroPoints = torch.zeros(shape.out());
        Tensor integers = zeroPoints.to(ScalarType.Long);
        Tensor weights = torch.quantize_per_channel(floats, scales, integers, 0, ScalarType.QInt8);
        Tensor bias = Tensors.floats(layer.floatBias(), shape.out())) {
      packed = pack(weights, bias, shape);
    }
    try (Tensor codes = codes(layer, batch);
        Tensor floats = codes.to(ScalarType.Float);
        Scalar scale = new Scalar(ConvLayer.X_SCALE);
        Tensor scaled = floats.mul(scale);
        Tensor images = scaled.permute(0, 3, 1, 2);
        Tensor quantized =
            torch.quantize_per_tensor(images, ConvLayer.X_SCALE, 0, ScalarType.QUInt8);
        Tensor channelsLast = quantized.contiguous(MemoryFormat.ChannelsLast)) {
      x = new IValue(channelsLast);
    }
  }

  private static Tensor codes(ConvLayer layer, int batch) {
    int size = layer.shape.size();
    Tensor codes = Tensors.empty(ScalarType.Byte, batch, size, size, layer.shape.in());
    new BytePointer(codes.data_ptr()).put(layer.codes(batch));
    return codes;
  }

  private static IValue pack(Tensor weights, Tensor bias, ConvShape shape) {
    OperatorHandle prepack =
        Dispatcher.singleton().findSchemaOrThrow("quantized::conv2d_prepack", "");
    long stride = shape.stride();
    long padding = shape.padding();
    try (IValueVector arguments = new IValueVector(6);
        IValue first = new IValue(weights);
        IValue second = new IValue(bias);
        IValue strides = pair(stride);
        IValue paddings = pair(padding);
        IValue dilations = pair(1);
        IValue groups = new IValue((long) shape.groups())) {
      arguments.put(0, first);
      arguments.put(1, second);
      arguments.put(2, strides);
      arguments.put(3, paddings);
      arguments.put(4, dilations);
      arguments.put(5, groups);
      prepack.callBoxed(arguments);
      return new IValue(arguments.get(0));
    }
  }

  private static IValue pair(long both) {
    try (ScriptTypeParser types = new ScriptTypeParser();
        TypePtr integer = types.parseType("int");
        GenericList list = new GenericList(integer);
        IValue item = new IValue(both)) {
      list.push_back(item);
      list.push_back(item);
      return new IValue(list);
    }
  }

  /** Computes the result and throws it away. */
  void run() {
    output().close();
  }

  /** Returns the result, a quantized tensor. */
  Tensor output() {
    stack.resize(4);
    stack.put(0, x);
    stack.put(1, packed);
    stack.put(2, outScale);
    stack.put(3, outZeroPoint);
    conv.callBoxed(stack);
    Tensor result = new Tensor(stack.get(0).toTensor());
    stack.resize(0);
    return result;
  }

  @Override
  public void close() {
    packed.close();
    x.close();
    outScale.close();
    outZeroPoint.close();
    stack.close();
  }
}
