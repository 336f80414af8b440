// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.safetensors;

/** Element types of the format, by their names in a header. */
public enum SafetensorsDtype {
  BOOL(1),
  U8(1),
  I8(1),
  U16(2),
  I16(2),
  F16(2),
  BF16(2),
  U32(4),
  I32(4),
  F32(4),
  U64(8),
  I64(8),
  F64(8);

  private final int byteSize;

  SafetensorsDtype(int byteSize) {
    this.byteSize = byteSize;
  }

  /** Returns the bytes of one element. */
  public int byteSize() {
    return byteSize;
  }
}
