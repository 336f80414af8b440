// SPDX-License-Identifier: Apache-2.0
#include "cpu/row_kernels.h"
#include "cpu/vector_portable.h"
#include "cpu/vector_rows.h"

namespace octet {
namespace cpu {

const RowKernels& PortableRowKernels() {
  static constexpr RowKernels kKernels = MakeRowKernels<Portable>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
