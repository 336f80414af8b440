// SPDX-License-Identifier: Apache-2.0
// Functions of single elements, and copies: the entries of MapFunctions. Inputs have the shape of the output, with
// strides of 0 where they are broadcast.
#ifndef OCTET_CUDA_MAP_KERNELS_H_
#define OCTET_CUDA_MAP_KERNELS_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

octet_status MapUnary(const Call* call, const UnaryCall* unary, const Operand* x, const Operand* out);
octet_status MapBinary(const Call* call, Binary function, const Operand* a, const Operand* b,
                       numerics::Unary activation, const Operand* out);
octet_status LookUp(const Call* call, const uint8_t* table, const TensorView* x, const TensorView* out);
octet_status LookUpIn(const Call* call, const uint8_t* table, const TensorView* x, const TensorView* out);
octet_status Compare(const Call* call, Comparison comparison, const Operand* a, const Operand* b,
                     const TensorView* out);
octet_status CompareIntegers(const Call* call, Comparison comparison, const TensorView* a, const TensorView* b,
                             const TensorView* out);
octet_status Where(const Call* call, const TensorView* mask, const TensorView* a, const TensorView* b,
                   const TensorView* out);
octet_status Copy(const Call* call, const TensorView* x, const TensorView* out);
octet_status Cast(const Call* call, const TensorView* x, const TensorView* out);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_MAP_KERNELS_H_
