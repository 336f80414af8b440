// SPDX-License-Identifier: Apache-2.0
// Makes panels of floats (core/packed_float.h) of a matrix of any type.
#ifndef OCTET_CPU_FLOAT_PANELS_H_
#define OCTET_CPU_FLOAT_PANELS_H_

#include "core/operand.h"
#include "core/packed_float.h"

namespace octet {
namespace cpu {

/** A matrix [k, n] of real values; codes stand for step.scale * (code - step.zero_point). */
struct FloatMatrix {
  const char* data = nullptr;
  ElementType type = ElementType::kF32;
  numerics::Step step = {1.0f, 0.0f};
  int64_t k = 0;
  int64_t n = 0;
  /** In bytes; one of them is the size of an element, or the matrix is read an element at a time. */
  int64_t k_stride = 0;
  int64_t n_stride = 0;
};

/** Writes panel number `panel` of the matrix, all of its bytes. */
void MakeFloatPanel(const FloatMatrix& matrix, int64_t panel, float* to);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_FLOAT_PANELS_H_
