// SPDX-License-Identifier: Apache-2.0
package dev.octet.quantization.archive;

import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Element types of stored tensors, by the names that pickles use. */
enum StorageType {
  FLOAT("FloatStorage", "float32", 4, ScalarType.Float),
  DOUBLE("DoubleStorage", "float64", 8, ScalarType.Double),
  HALF("HalfStorage", "float16", 2, ScalarType.Half),
  BFLOAT16("BFloat16Storage", "bfloat16", 2, ScalarType.BFloat16),
  LONG("LongStorage", "int64", 8, ScalarType.Long),
  INT("IntStorage", "int32", 4, ScalarType.Int),
  SHORT("ShortStorage", "int16", 2, ScalarType.Short),
  CHAR("CharStorage", "int8", 1, ScalarType.Char),
  BYTE("ByteStorage", "uint8", 1, ScalarType.Byte),
  BOOL("BoolStorage", "bool", 1, ScalarType.Bool),
  COMPLEX_FLOAT("ComplexFloatStorage", "complex64", 8, ScalarType.ComplexFloat),
  COMPLEX_DOUBLE("ComplexDoubleStorage", "complex128", 16, ScalarType.ComplexDouble),
  UINT16(null, "uint16", 2, ScalarType.UInt16),
  UINT32(null, "uint32", 4, ScalarType.UInt32),
  UINT64(null, "uint64", 8, ScalarType.UInt64),
  FLOAT8_E4M3FN(null, "float8_e4m3fn", 1, ScalarType.Float8_e4m3fn),
  FLOAT8_E5M2(null, "float8_e5m2", 1, ScalarType.Float8_e5m2);

  private static final Map<String, StorageType> BY_STORAGE =
      Stream.of(values())
          .filter(type -> type.storageName != null)
          .collect(Collectors.toMap(type -> type.storageName, Function.identity()));
  private static final Map<String, StorageType> BY_DTYPE =
      Stream.of(values()).collect(Collectors.toMap(type -> type.dtype, Function.identity()));

  private final String storageName;
  private final String dtype;
  private final int itemSize;
  private final ScalarType scalarType;

  StorageType(String storageName, String dtype, int itemSize, ScalarType scalarType) {
    this.storageName = storageName;
    this.dtype = dtype;
    this.itemSize = itemSize;
    this.scalarType = scalarType;
  }

  /** The type of a storage class of the module torch; null if there is none. */
  static StorageType ofStorage(String className) {
    return BY_STORAGE.get(className);
  }

  /** The type of a dtype of the module torch; null if there is none. */
  static StorageType ofDtype(String name) {
    return BY_DTYPE.get(name);
  }

  /** Bytes of one element. */
  int itemSize() {
    return itemSize;
  }

  ScalarType scalarType() {
    return scalarType;
  }

  /** The name as in {@code torch.float32}. */
  String dtype() {
    return dtype;
  }
}
