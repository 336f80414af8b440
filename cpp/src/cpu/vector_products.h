// SPDX-License-Identifier: Apache-2.0
// The table of product_kernels.h for an instruction set V.
#ifndef OCTET_CPU_VECTOR_PRODUCTS_H_
#define OCTET_CPU_VECTOR_PRODUCTS_H_

#include "cpu/panel_bytes.h"
#include "cpu/product_kernels.h"
#include "cpu/vector_attention.h"

namespace octet {
namespace cpu {

template <typename V>
constexpr ProductKernels MakeProductKernels() {
  using A = VectorAttention<V>;
  return {PanelOfColumns, PanelOfRows, A::Scores, A::Exponentials, A::Probabilities};
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_PRODUCTS_H_
