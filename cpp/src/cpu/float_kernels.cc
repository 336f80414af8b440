// SPDX-License-Identifier: Apache-2.0
#include "cpu/float_kernels.h"

#include "cpu/isa.h"

namespace octet {
namespace cpu {

const FloatKernels& CurrentFloatKernels() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8:
    case OCTET_ISA_AVX512_VNNI:
    case OCTET_ISA_AVX512:
      return Avx512FloatKernels();
    case OCTET_ISA_AVX_VNNI:
    case OCTET_ISA_AVX2:
      return Avx2FloatKernels();
#endif
    default:
      return PortableFloatKernels();
  }
}

}  // namespace cpu
}  // namespace octet
