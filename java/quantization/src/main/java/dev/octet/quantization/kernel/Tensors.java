// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Small tensors on the CPU, to and from Java arrays. Callers own what is returned. */
public final class Tensors {
  private Tensors() {}

  /** Makes a tensor with undefined contents. */
  public static Tensor empty(ScalarType type, long... shape) {
    try (TensorOptions options = new TensorOptions(type)) {
      return torch.empty(shape, options, null);
    }
  }

  /** Makes a tensor with undefined contents on the device of another. */
  public static Tensor emptyBeside(Tensor other, ScalarType type, long... shape) {
    try (TensorOptions like = other.options();
        ScalarTypeOptional optionalType = new ScalarTypeOptional(type);
        TensorOptions options = like.dtype(optionalType)) {
      return torch.empty(shape, options, null);
    }
  }

  /** Makes an f32 tensor. */
  public static Tensor floats(float[] values, long... shape) {
    Tensor tensor = empty(ScalarType.Float, shape);
    if (values.length > 0) {
      bytes(tensor).asFloatBuffer().put(values);
    }
    return tensor;
  }

  /** Makes an f32 tensor without dimensions. */
  public static Tensor scalar(float value) {
    return floats(new float[] {value});
  }

  /** Makes a boolean tensor without dimensions. */
  public static Tensor scalar(boolean value) {
    Tensor tensor = empty(ScalarType.Bool);
    bytes(tensor).put(0, (byte) (value ? 1 : 0));
    return tensor;
  }

  /** Returns the elements of a tensor of any type, device and strides as floats. */
  public static float[] toFloats(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.numel())];
    if (values.length > 0) {
      try (Tensor detached = tensor.detach();
          Tensor host = detached.cpu();
          Tensor wide = host.to(ScalarType.Float);
          Tensor compact = wide.contiguous()) {
        bytes(compact).asFloatBuffer().get(values);
      }
    }
    return values;
  }

  /** Returns the sizes of a tensor. */
  public static long[] shape(Tensor tensor) {
    long[] shape = new long[(int) tensor.dim()];
    for (int i = 0; i < shape.length; i++) {
      shape[i] = tensor.size(i);
    }
    return shape;
  }

  private static ByteBuffer bytes(Tensor tensor) {
    Pointer data = tensor.data_ptr();
    return data.capacity(tensor.nbytes()).asByteBuffer().order(ByteOrder.nativeOrder());
  }
}
