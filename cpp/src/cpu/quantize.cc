// SPDX-License-Identifier: Apache-2.0
#include "cpu/backend.h"
#include "cpu/elementwise.h"
#include "cpu/kernels.h"
#include "cpu/parameters.h"
#include "cpu/scratch.h"

namespace octet {
namespace cpu {
namespace {

void Run(RowKernel kernel, const GridView& grid, const TensorView& in, const TensorView& out) {
  Scratch scratch(ParameterBytes(grid, false));
  const Parameters parameters = ResolveParameters(grid, false, &scratch);
  ElementwiseOperands operands;
  operands.in[0] = &in;
  operands.out[0] = &out;
  RunElementwise(kernel, operands, parameters, grid.limits, grid.axis);
}

}  // namespace

void Quantize(const GridView& grid, const TensorView& x, const TensorView& codes) {
  Run(CurrentKernels().quantize[FloatIndex(x.type)][CodeIndex(codes.type)], grid, x, codes);
}

void Dequantize(const GridView& grid, const TensorView& codes, const TensorView& out) {
  Run(CurrentKernels().dequantize[CodeIndex(codes.type)][FloatIndex(out.type)], grid, codes, out);
}

}  // namespace cpu
}  // namespace octet
