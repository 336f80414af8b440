// SPDX-License-Identifier: Apache-2.0
#include "cpu/epilogue_kernels.h"
#include "cpu/tile_codes_avx512.h"
#include "cpu/vector_avx512.h"
#include "cpu/vector_epilogue.h"

namespace octet {
namespace cpu {

const EpilogueKernels& Avx512EpilogueKernels() {
  static constexpr EpilogueKernels kKernels = MakeVectorEpilogue<Avx512>(FinishCodesAvx512);
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
