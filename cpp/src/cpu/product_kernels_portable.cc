// SPDX-License-Identifier: Apache-2.0
#include "cpu/product_kernels.h"
#include "cpu/vector_portable.h"
#include "cpu/vector_products.h"

namespace octet {
namespace cpu {

const ProductKernels& PortableProductKernels() {
  static constexpr ProductKernels kKernels = MakeProductKernels<Portable>();
  return kKernels;
}

}  // namespace cpu
}  // namespace octet
