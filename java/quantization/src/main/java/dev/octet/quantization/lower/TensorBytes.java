// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.lower;

import dev.octet.quantization.kernel.Tensors;
import dev.octet.runtime.type.ElementType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The elements of libtorch's tensors as those of a program. */
final class TensorBytes {
  private TensorBytes() {}

  /** Returns the type of a program's value; null if there is none for that of the tensor. */
  static ElementType type(Tensor tensor) {
    return switch (tensor.scalar_type().intern()) {
      case Float -> ElementType.F32;
      case Half -> ElementType.F16;
      case BFloat16 -> ElementType.BF16;
      case Char -> ElementType.S8;
      case Byte -> ElementType.U8;
      case Int -> ElementType.S32;
      case Long -> ElementType.I64;
      case Bool -> ElementType.BOOL;
      default -> null;
    };
  }

  /** Returns a copy of the elements, row-major and little-endian. */
  static ByteBuffer of(Tensor tensor) {
    ByteBuffer bytes = allocate(tensor.nbytes());
    if (bytes.capacity() > 0) {
      try (Tensor detached = tensor.detach();
          Tensor host = detached.cpu();
          Tensor compact = host.contiguous()) {
        bytes.put(compact.data_ptr().capacity(bytes.capacity()).asByteBuffer()).flip();
      }
    }
    return bytes;
  }

  /** Returns the bytes of a single number. */
  static ByteBuffer of(float number) {
    return allocate(Float.BYTES).putFloat(0, number);
  }

  /** Returns the bytes of a single whole number. */
  static ByteBuffer of(long number) {
    return allocate(Long.BYTES).putLong(0, number);
  }

  private static ByteBuffer allocate(long bytes) {
    return ByteBuffer.allocateDirect(Math.toIntExact(bytes)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Returns the only element of a tensor as a number or truth value. */
  static Object scalar(Tensor tensor) {
    return switch (tensor.scalar_type().intern()) {
      case Bool -> tensor.item_bool();
      case Float, Double, Half, BFloat16 -> tensor.item_double();
      default -> tensor.item_long();
    };
  }

  /** Tells whether two tensors have the same type, sizes and elements, NaN being equal to NaN. */
  static boolean same(Tensor a, Tensor b) {
    ScalarType type = a.scalar_type().intern();
    if (type != b.scalar_type().intern() || !Arrays.equals(Tensors.shape(a), Tensors.shape(b))) {
      return false;
    }
    return of(a).equals(of(b));
  }
}
