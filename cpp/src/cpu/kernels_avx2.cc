// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels.h"
#include "cpu/vector_avx2.h"
#include "cpu/vector_kernels.h"

namespace octet {
namespace cpu {

const Kernels& Avx2Kernels() {
  static constexpr Kernels kKernels = MakeVectorKernels<Avx2>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
