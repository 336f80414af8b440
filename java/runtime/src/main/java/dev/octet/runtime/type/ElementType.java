// SPDX-License-Identifier: Apache-2.0
package dev.octet.runtime.type;

import dev.octet.bindings.global.octet;
import dev.octet.runtime.safetensors.SafetensorsDtype;
import java.util.Locale;

/** Types of the elements of a value. */
public enum ElementType {
  /** IEEE 754 single precision. */
  F32(4, octet.kDLFloat, SafetensorsDtype.F32),
  /** IEEE 754 half precision. */
  F16(2, octet.kDLFloat, SafetensorsDtype.F16),
  /** The upper half of an F32. */
  BF16(2, octet.kDLBfloat, SafetensorsDtype.BF16),
  /** Signed bytes: codes on a grid, or plain integers. */
  S8(1, octet.kDLInt, SafetensorsDtype.I8),
  /** Unsigned bytes: codes on a grid, or plain integers. */
  U8(1, octet.kDLUInt, SafetensorsDtype.U8),
  /** Signed integers of 32 bits. */
  S32(4, octet.kDLInt, SafetensorsDtype.I32),
  /** Signed integers of 64 bits: indices. */
  I64(8, octet.kDLInt, SafetensorsDtype.I64),
  /** Truth values, a byte each: 0 or 1. */
  BOOL(1, octet.kDLBool, SafetensorsDtype.BOOL);

  private final int byteSize;
  private final int dlpackCode;
  private final SafetensorsDtype safetensorsDtype;
  private final String words = name().toLowerCase(Locale.ROOT);

  ElementType(int byteSize, int dlpackCode, SafetensorsDtype safetensorsDtype) {
    this.byteSize = byteSize;
    this.dlpackCode = dlpackCode;
    this.safetensorsDtype = safetensorsDtype;
  }

  /** Returns the bytes of one element. */
  public int byteSize() {
    return byteSize;
  }

  /** Returns the four bytes of a DLPack data type as one little-endian word: code, bits, lanes. */
  public int dlpackType() {
    return dlpackCode | byteSize * Byte.SIZE << 8 | 1 << 16;
  }

  /** Returns the type in a safetensors file. */
  public SafetensorsDtype safetensorsDtype() {
    return safetensorsDtype;
  }

  /** Tells whether this is one of {@link #F32}, {@link #F16} and {@link #BF16}. */
  public boolean isFloat() {
    return this == F32 || this == F16 || this == BF16;
  }

  /** Tells whether this is {@link #S8} or {@link #U8}, the types of codes. */
  public boolean isByteCode() {
    return this == S8 || this == U8;
  }

  /** Tells whether values of this type may have a grid. */
  public boolean mayHaveGrid() {
    return isByteCode() || this == S32;
  }

  /** Returns the name in lower case, as programs are printed and stored. */
  @Override
  public String toString() {
    return words;
  }
}
