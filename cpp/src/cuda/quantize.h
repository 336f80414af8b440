// SPDX-License-Identifier: Apache-2.0
#ifndef OCTET_CUDA_QUANTIZE_H_
#define OCTET_CUDA_QUANTIZE_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status Quantize(const Call* call, const GridView* grid, const TensorView* x, const TensorView* codes);
octet_status Dequantize(const Call* call, const GridView* grid, const TensorView* codes, const TensorView* out);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_QUANTIZE_H_
