// SPDX-License-Identifier: Apache-2.0
#include "cpu/gemm_kernels.h"

#include <atomic>

#include "cpu/isa.h"

namespace octet {
namespace cpu {
namespace {

std::atomic<const GemmKernels*> amx_stand_in{nullptr};

}  // namespace

const GemmKernels& CurrentGemmKernels() {
  switch (CurrentIsa()) {
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AMX_INT8: {
      const GemmKernels* const stand_in = AmxStandIn();
      return stand_in != nullptr ? *stand_in : AmxGemmKernels();
    }
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

void SetAmxStandIn(const GemmKernels* kernels) { amx_stand_in.store(kernels, std::memory_order_release); }

const GemmKernels* AmxStandIn() { return amx_stand_in.load(std::memory_order_acquire); }

}  // namespace cpu
}  // namespace octet
