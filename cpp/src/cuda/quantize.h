// SPDX-License-Identifier: Apache-2.0
// Quantization on grids: entries of QuantizationFunctions.
#ifndef OCTET_CUDA_QUANTIZE_H_
#define OCTET_CUDA_QUANTIZE_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status Quantize(const Call* call, const GridView* grid, const TensorView* x, const TensorView* codes);
octet_status Dequantize(const Call* call, const GridView* grid, const TensorView* codes, const TensorView* out);
octet_status FakeQuantize(const Call* call, const GridView* grid, const TensorView* x, const TensorView* out);
octet_status FakeQuantizePartials(const Call* call, const GridView* grid, const TensorView* x,
                                  const FakeQuantizePartialsOutputs* outputs);
/** The gradient of x alone. */
octet_status FakeQuantizeGradX(const Call* call, const GridView* grid, const TensorView* x, const TensorView* grad_out,
                               const TensorView* grad_x);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_QUANTIZE_H_
