// SPDX-License-Identifier: Apache-2.0
#include "cpu/row_kernels.h"
#include "cpu/vector_avx512.h"
#include "cpu/vector_rows.h"

namespace octet {
namespace cpu {

const RowKernels& Avx512RowKernels() {
  static constexpr RowKernels kKernels = MakeRowKernels<Avx512>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
