// SPDX-License-Identifier: Apache-2.0
// Functions of rows: the entries of RowFunctions.
#ifndef OCTET_CUDA_ROW_KERNELS_H_
#define OCTET_CUDA_ROW_KERNELS_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status Norm(const Call* call, const NormCall* norm);
octet_status Softmax(const Call* call, const SoftmaxCall* softmax);
octet_status Embedding(const Call* call, const EmbeddingCall* embedding);
octet_status MaskedMean(const Call* call, const Operand* x, const TensorView* mask, float eps, const Operand* out);
octet_status L2Normalize(const Call* call, const Operand* x, float eps, const Operand* out);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ROW_KERNELS_H_
