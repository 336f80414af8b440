// SPDX-License-Identifier: Apache-2.0
#include "cpu/product_kernels.h"
#include "cpu/vector_avx2.h"
#include "cpu/vector_products.h"

namespace octet {
namespace cpu {

const ProductKernels& Avx2ProductKernels() {
  static constexpr ProductKernels kKernels = MakeProductKernels<Avx2>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
