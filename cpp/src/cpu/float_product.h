// SPDX-License-Identifier: Apache-2.0
// Matrix products in floats, in the order of numerics/product.h: left operands of any type, right operands in panels of
// floats, or of codes whose values are made while they are used.
#ifndef OCTET_CPU_FLOAT_PRODUCT_H_
#define OCTET_CPU_FLOAT_PRODUCT_H_

#include <cstddef>

#include "core/float_activations.h"
#include "core/packed_float.h"
#include "core/packed_gemm.h"

namespace octet {
namespace cpu {

/** A right operand [k, n]: one of the two. */
struct FloatWeights {
  const FloatPanels* floats = nullptr;
  const PackedGemm* codes = nullptr;

  int64_t n() const { return floats != nullptr ? floats->n : codes->n; }
  int64_t k() const { return floats != nullptr ? floats->k : codes->k; }
};

/** Bytes of a workspace, a multiple of 64: bounded, some MB at most for k up to 2^15. */
size_t FloatGemmWorkspaceSize(int64_t m, int64_t k);

/** out = epilogue(a * weights). The rows of the epilogue are [a.m, n]. alone: in this thread. */
void FloatGemm(const FloatActivations& a, const FloatWeights& weights, const EpilogueView& epilogue, bool alone,
               char* workspace);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_FLOAT_PRODUCT_H_
