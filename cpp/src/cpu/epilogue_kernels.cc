// SPDX-License-Identifier: Apache-2.0
#include "cpu/epilogue_kernels.h"

#include "cpu/isa.h"

namespace octet {
namespace cpu {

const EpilogueKernels& CurrentEpilogueKernels() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8:
    case OCTET_ISA_AVX512_VNNI:
    case OCTET_ISA_AVX512:
      return Avx512EpilogueKernels();
    case OCTET_ISA_AVX_VNNI:
    case OCTET_ISA_AVX2:
      return Avx2EpilogueKernels();
#endif
    default:
      return ScalarEpilogueKernels();
  }
}

}  // namespace cpu
}  // namespace octet
