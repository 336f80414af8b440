// SPDX-License-Identifier: Apache-2.0
#include "cpu/gemm_kernels.h"

#include "cpu/isa.h"

namespace octet {
namespace cpu {

const GemmKernels& CurrentGemmKernels() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AVX512_VNNI:
      return Avx512VnniGemmKernels();
    case OCTET_ISA_AVX_VNNI:
      return AvxVnniGemmKernels();
    case OCTET_ISA_AVX512:
      return Avx512GemmKernels();
    case OCTET_ISA_AVX2:
      return Avx2GemmKernels();
#endif
    default:
      return ScalarGemmKernels();
  }
}

}  // namespace cpu
}  // namespace octet
