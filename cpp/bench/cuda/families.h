// SPDX-License-Identifier: Apache-2.0
// The rows of octet_cuda_bench. Each function has those of some functions of the C API, which are the rows' families.
#ifndef OCTET_BENCH_CUDA_FAMILIES_H_
#define OCTET_BENCH_CUDA_FAMILIES_H_

#include "bench.h"

namespace octet {
namespace bench {

void FakeQuantizeRows(Bench* bench);
void QuantizeRows(Bench* bench);
void RangeRows(Bench* bench);
void NormRows(Bench* bench);
void SoftmaxRows(Bench* bench);
void EmbeddingRows(Bench* bench);
void PoolRows(Bench* bench);
void ElementwiseRows(Bench* bench);
void CopyRows(Bench* bench);
void ReduceRows(Bench* bench);
void IntegerRows(Bench* bench);
void GemmRows(Bench* bench);
void GroupedRows(Bench* bench);
void FloatGemmRows(Bench* bench);
void MatmulRows(Bench* bench);
void Conv2dRows(Bench* bench);
void AttentionRows(Bench* bench);
void RecurrentRows(Bench* bench);

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_FAMILIES_H_
