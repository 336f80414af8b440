// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cpu/backend.h"
#include "cpu/compact.h"
#include "cpu/elementwise.h"
#include "cpu/kernels.h"
#include "cpu/parameters.h"
#include "cpu/scratch.h"
#include "cpu/slices.h"
#include "cpu/thread_pool.h"
#include "numerics/summation.h"

namespace octet {
namespace cpu {
namespace {

using numerics::kBlock;

/** Sums of a chunk of a slice, or of several, in the precision in which blocks are added. */
struct WideSums {
  double scale = 0.0;
  double zero = 0.0;
};

void AddChunk(const Kernels& kernels, const Slices& x, const Slices& grad_out, int64_t slice, int64_t begin,
              int64_t end, const RowGrid& grid, WideSums* sums) {
  alignas(64) float x_buffer[kBlock];
  alignas(64) float grad_buffer[kBlock];
  for (; begin < end; begin += kBlock) {
    const int64_t count = std::min(kBlock, end - begin);
    const float* x_block = x.Read(kernels, slice, begin, count, x_buffer);
    const float* grad_block = grad_out.Read(kernels, slice, begin, count, grad_buffer);
    const GradientSums block = kernels.gradient_sums(x_block, grad_block, count, grid);
    sums->scale += static_cast<double>(block.scale);
    sums->zero += static_cast<double>(block.zero);
  }
}

/** The chunks of slice after slice: results has a row of chunk sums for each. */
void SumChunks(const GridView& grid, const Parameters& parameters, const TensorView& x, const TensorView& grad_out,
               int64_t chunks, WideSums* results) {
  const Kernels& kernels = CurrentKernels();
  const Slices x_slices(x, grid.axis, parameters.count, SliceOrder::kRowMajor);
  const Slices grad_slices(grad_out, grid.axis, parameters.count, SliceOrder::kRowMajor);
  const int64_t length = x_slices.length();
  const int64_t chunk_length = numerics::BlocksPerChunk(length) * kBlock;
  // Several short slices make one item of work. Neighbouring slices come together: where the axis is the innermost
  // dimension they share cache lines.
  const int64_t chunks_per_item = std::max<int64_t>(1, 32768 / std::min(length, chunk_length));
  const int64_t total = chunks * x_slices.count();
  const int64_t items = (total + chunks_per_item - 1) / chunks_per_item;
  ParallelFor(items, [&](int64_t item) {
    const int64_t last = std::min(total, (item + 1) * chunks_per_item);
    for (int64_t i = item * chunks_per_item; i < last; ++i) {
      const int64_t chunk = i / x_slices.count();
      const int64_t slice = i % x_slices.count();
      const int64_t begin = chunk * chunk_length;
      AddChunk(kernels, x_slices, grad_slices, slice, begin, std::min(begin + chunk_length, length),
               RowGridAt(parameters, grid.limits, slice, false), &results[slice * chunks + chunk]);
    }
  });
}

void SumGradients(const GridView& grid, const TensorView& x, const TensorView& grad_out,
                  const FakeQuantizeGradients& gradients) {
  const int64_t slices = grid.delta.count;
  const int64_t chunks = slices == 0 ? 0 : numerics::ChunkCount(x.count / slices);
  Scratch scratch(ParameterBytes(grid, true) + Scratch::Bytes<WideSums>(slices * chunks));
  const Parameters parameters = ResolveParameters(grid, true, &scratch);
  WideSums* results = scratch.Take<WideSums>(slices * chunks);
  std::fill(results, results + slices * chunks, WideSums());
  if (x.count != 0) SumChunks(grid, parameters, x, grad_out, chunks, results);
  for (int64_t slice = 0; slice < slices; ++slice) {
    WideSums sums;
    for (int64_t chunk = 0; chunk < chunks; ++chunk) {
      sums.scale += results[slice * chunks + chunk].scale;
      sums.zero += results[slice * chunks + chunk].zero;
    }
    if (gradients.delta != nullptr) {
      const float slope = parameters.scale_slope[slice];
      const float value = slope == 0.0f ? 0.0f : static_cast<float>(sums.scale * static_cast<double>(slope));
      StoreCompact(*gradients.delta, slice, value);
    }
    if (gradients.zero_float != nullptr) {
      const bool follows = parameters.zero_follows[slice] != 0.0f;
      StoreCompact(*gradients.zero_float, slice, follows ? static_cast<float>(sums.zero) : 0.0f);
    }
  }
}

}  // namespace

void FakeQuantizeBackward(const GridView& grid, const TensorView& x, const TensorView& grad_out,
                          const FakeQuantizeGradients& gradients) {
  // The sums come first: grad_x may be written over x or grad_out.
  if (gradients.delta != nullptr || gradients.zero_float != nullptr) SumGradients(grid, x, grad_out, gradients);
  if (gradients.x == nullptr) return;
  Scratch scratch(ParameterBytes(grid, false));
  const Parameters parameters = ResolveParameters(grid, false, &scratch);
  ElementwiseOperands operands;
  operands.in[0] = &x;
  operands.in[1] = &grad_out;
  operands.out[0] = gradients.x;
  RunElementwise(CurrentKernels().fake_quantize_grad_x[FloatIndex(x.type)], operands, parameters, grid.limits,
                 grid.axis);
}

}  // namespace cpu
}  // namespace octet
