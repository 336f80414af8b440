// SPDX-License-Identifier: Apache-2.0
#include "cpu/product_kernels.h"
#include "cpu/vector_avx512.h"
#include "cpu/vector_products.h"

namespace octet {
namespace cpu {

const ProductKernels& Avx512ProductKernels() {
  static constexpr ProductKernels kKernels = MakeProductKernels<Avx512>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
