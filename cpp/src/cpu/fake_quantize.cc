// SPDX-License-Identifier: Apache-2.0
#include "cpu/backend.h"
#include "cpu/elementwise.h"
#include "cpu/kernels.h"
#include "cpu/parameters.h"
#include "cpu/scratch.h"

namespace octet {
namespace cpu {

void FakeQuantize(const GridView& grid, const TensorView& x, const TensorView& out) {
  Scratch scratch(ParameterBytes(grid, false));
  const Parameters parameters = ResolveParameters(grid, false, &scratch);
  ElementwiseOperands operands;
  operands.in[0] = &x;
  operands.out[0] = &out;
  RunElementwise(CurrentKernels().fake_quantize[FloatIndex(x.type)], operands, parameters, grid.limits, grid.axis);
}

void FakeQuantizePartials(const GridView& grid, const TensorView& x, const FakeQuantizePartialsOutputs& outputs) {
  Scratch scratch(ParameterBytes(grid, true));
  const Parameters parameters = ResolveParameters(grid, true, &scratch);
  ElementwiseOperands operands;
  operands.in[0] = &x;
  operands.out[0] = outputs.out;
  operands.out[1] = outputs.d_x;
  operands.out[2] = outputs.d_delta;
  operands.out[3] = outputs.d_zero;
  RunElementwise(CurrentKernels().fake_quantize_partials[FloatIndex(x.type)], operands, parameters, grid.limits,
                 grid.axis);
}

}  // namespace cpu
}  // namespace octet
