// SPDX-License-Identifier: Apache-2.0
#include "cpu/row_kernels.h"

#include "cpu/isa.h"

namespace octet {
namespace cpu {

const RowKernels& CurrentRowKernels() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8:
    case OCTET_ISA_AVX512_VNNI:
    case OCTET_ISA_AVX512:
      return Avx512RowKernels();
    case OCTET_ISA_AVX_VNNI:
    case OCTET_ISA_AVX2:
      return Avx2RowKernels();
#endif
    default:
      return PortableRowKernels();
  }
}

}  // namespace cpu
}  // namespace octet
