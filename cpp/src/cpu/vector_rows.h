// SPDX-License-Identifier: Apache-2.0
// The tables of row_kernels.h for an instruction set V.
#ifndef OCTET_CPU_VECTOR_ROWS_H_
#define OCTET_CPU_VECTOR_ROWS_H_

#include "cpu/row_kernels.h"
#include "cpu/vector_convert.h"
#include "cpu/vector_map.h"
#include "cpu/vector_norm.h"
#include "cpu/vector_pool.h"
#include "cpu/vector_recurrent.h"
#include "cpu/vector_reduce.h"
#include "cpu/vector_softmax.h"

namespace octet {
namespace cpu {

template <typename V>
constexpr RowKernels MakeRowKernels() {
  return {VectorConvert<V>::Make(), VectorNorm<V>::Make(), VectorSoftmax<V>::Make(),  VectorMap<V>::Make(),
          VectorReduce<V>::Make(),  VectorPool<V>::Make(), VectorRecurrent<V>::Make()};
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_ROWS_H_
