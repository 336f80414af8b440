// SPDX-License-Identifier: Apache-2.0
#include "cpu/epilogue_kernels.h"
#include "cpu/vector_avx2.h"
#include "cpu/vector_epilogue.h"

namespace octet {
namespace cpu {

const EpilogueKernels& Avx2EpilogueKernels() {
  static constexpr EpilogueKernels kKernels = MakeVectorEpilogue<Avx2>(nullptr);
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
