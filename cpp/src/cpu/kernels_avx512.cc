// SPDX-License-Identifier: Apache-2.0
#include "cpu/kernels.h"
#include "cpu/vector_avx512.h"
#include "cpu/vector_kernels.h"

namespace octet {
namespace cpu {

const Kernels& Avx512Kernels() {
  static constexpr Kernels kKernels = MakeVectorKernels<Avx512>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
