// SPDX-License-Identifier: Apache-2.0
#include "cpu/product_kernels.h"

#include "cpu/isa.h"

namespace octet {
namespace cpu {

const ProductKernels& CurrentProductKernels() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8:
    case OCTET_ISA_AVX512_VNNI:
    case OCTET_ISA_AVX512:
      return Avx512ProductKernels();
    case OCTET_ISA_AVX_VNNI:
    case OCTET_ISA_AVX2:
      return Avx2ProductKernels();
#endif
    default:
      return PortableProductKernels();
  }
}

}  // namespace cpu
}  // namespace octet
