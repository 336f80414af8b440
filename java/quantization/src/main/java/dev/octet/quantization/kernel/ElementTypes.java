// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.kernel;

import dev.octet.bindings.global.octet;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** libtorch's element types as DLPack codes. */
final class ElementTypes {
  private static final int UNKNOWN = -1;
  private static final int[] PACKED = table();

  private ElementTypes() {}

  private static int[] table() {
    int[] table = new int[Byte.MAX_VALUE + 1];
    Arrays.fill(table, UNKNOWN);
    put(table, ScalarType.Byte, octet.kDLUInt, 8);
    put(table, ScalarType.Char, octet.kDLInt, 8);
    put(table, ScalarType.Short, octet.kDLInt, 16);
    put(table, ScalarType.Int, octet.kDLInt, 32);
    put(table, ScalarType.Long, octet.kDLInt, 64);
    put(table, ScalarType.Half, octet.kDLFloat, 16);
    put(table, ScalarType.Float, octet.kDLFloat, 32);
    put(table, ScalarType.Double, octet.kDLFloat, 64);
    put(table, ScalarType.Bool, octet.kDLBool, 8);
    put(table, ScalarType.BFloat16, octet.kDLBfloat, 16);
    return table;
  }

  private static void put(int[] table, ScalarType type, int code, int bits) {
    // A DLDataType as one little-endian word: code, bits, 16 bits of lanes.
    table[type.value] = code | bits << 8 | 1 << 16;
  }

  /** Returns the type of a tensor's elements as the four bytes of a DLDataType. */
  static int packed(Tensor tensor, String name) {
    ScalarType type = tensor.scalar_type();
    int packed = PACKED[type.value];
    if (packed == UNKNOWN) {
      throw new IllegalArgumentException(
          name + " has elements of type " + type + ", expected Float, Half or BFloat16");
    }
    return packed;
  }
}
