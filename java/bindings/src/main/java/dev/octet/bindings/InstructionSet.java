// SPDX-License-Identifier: Apache-2.0
package dev.octet.bindings;

import dev.octet.bindings.global.octet;

/** Instruction sets that the CPU kernels are compiled for; results do not depend on the choice. */
public enum InstructionSet {
  /** Portable scalar code. */
  SCALAR(octet.OCTET_ISA_SCALAR),
  /** AVX2, FMA and F16C. */
  AVX2(octet.OCTET_ISA_AVX2),
  /** AVX-512 F, BW, DQ and VL. */
  AVX512(octet.OCTET_ISA_AVX512),
  /** AVX2, FMA and F16C with AVX-VNNI. */
  AVX_VNNI(octet.OCTET_ISA_AVX_VNNI),
  /** AVX-512 F, BW, DQ and VL with AVX512-VNNI. */
  AVX512_VNNI(octet.OCTET_ISA_AVX512_VNNI),
  /** What {@link #AVX512_VNNI} has, AMX-TILE and AMX-INT8. */
  AMX_INT8(octet.OCTET_ISA_AMX_INT8);

  private final int code;

  InstructionSet(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }

  static InstructionSet of(int code) {
    for (InstructionSet isa : values()) {
      if (isa.code == code) {
        return isa;
      }
    }
    throw new IllegalArgumentException("code " + code + " is no instruction set");
  }
}
