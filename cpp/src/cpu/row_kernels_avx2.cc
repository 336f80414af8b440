// SPDX-License-Identifier: Apache-2.0
#include "cpu/row_kernels.h"
#include "cpu/vector_avx2.h"
#include "cpu/vector_rows.h"

namespace octet {
namespace cpu {

const RowKernels& Avx2RowKernels() {
  static constexpr RowKernels kKernels = MakeRowKernels<Avx2>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
