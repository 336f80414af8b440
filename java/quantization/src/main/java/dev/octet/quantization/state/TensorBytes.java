// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.state;

import static org.bytedeco.pytorch.global.torch.empty;

import dev.octet.runtime.safetensors.SafetensorsDtype;
import dev.octet.runtime.safetensors.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A tensor's elements as the bytes of a safetensors file. */
record TensorBytes(SafetensorsDtype dtype, List<Long> shape, ByteBuffer data, Tensor owner)
    implements AutoCloseable {
  private static final Map<SafetensorsDtype, ScalarType> TYPES =
      new EnumMap<>(
          Map.of(
              SafetensorsDtype.BOOL, ScalarType.Bool,
              SafetensorsDtype.U8, ScalarType.Byte,
              SafetensorsDtype.I8, ScalarType.Char,
              SafetensorsDtype.I16, ScalarType.Short,
              SafetensorsDtype.I32, ScalarType.Int,
              SafetensorsDtype.I64, ScalarType.Long,
              SafetensorsDtype.F16, ScalarType.Half,
              SafetensorsDtype.BF16, ScalarType.BFloat16,
              SafetensorsDtype.F32, ScalarType.Float,
              SafetensorsDtype.F64, ScalarType.Double));

  /** Copies a tensor to host memory, row-major; to be closed after the bytes were used. */
  static TensorBytes of(Tensor tensor) {
    try (Tensor detached = tensor.detach();
        Tensor host = detached.cpu()) {
      Tensor compact = host.contiguous();
      List<Long> shape = new ArrayList<>();
      for (long size : compact.shape()) {
        shape.add(size);
      }
      ByteBuffer data =
          compact.nbytes() == 0
              ? ByteBuffer.allocate(0)
              : new BytePointer(compact.data_ptr()).capacity(compact.nbytes()).asByteBuffer();
      return new TensorBytes(typeOf(compact), shape, data.order(ByteOrder.LITTLE_ENDIAN), compact);
    }
  }

  private static SafetensorsDtype typeOf(Tensor tensor) {
    ScalarType type = tensor.scalar_type().intern();
    for (Map.Entry<SafetensorsDtype, ScalarType> entry : TYPES.entrySet()) {
      if (entry.getValue() == type) {
        return entry.getKey();
      }
    }
    throw new IllegalArgumentException(
        "a tensor is of type " + type + ", a safetensors file holds " + TYPES.values());
  }

  /** Makes a tensor of a file's bytes. */
  static Tensor read(TensorInfo info, ByteBuffer data) {
    ScalarType type = TYPES.get(info.dtype());
    if (type == null) {
      throw new IllegalArgumentException(
          "a tensor is of type " + info.dtype() + ", expected one of " + TYPES.keySet());
    }
    long[] shape = info.shape().stream().mapToLong(Long::longValue).toArray();
    try (TensorOptions options = new TensorOptions(type);
        MemoryFormatOptional defaultFormat = new MemoryFormatOptional()) {
      Tensor tensor = empty(shape, options, defaultFormat);
      if (info.byteLength() > 0) {
        new BytePointer(tensor.data_ptr()).capacity(info.byteLength()).asByteBuffer().put(data);
      }
      return tensor;
    }
  }

  @Override
  public void close() {
    owner.close();
  }
}
