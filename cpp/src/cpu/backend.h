// SPDX-License-Identifier: Apache-2.0
// The families of CPU kernels, on checked arguments. They may throw std::bad_alloc, nothing else.
#ifndef OCTET_CPU_BACKEND_H_
#define OCTET_CPU_BACKEND_H_

#include "core/conv2d_arguments.h"
#include "core/epilogue_view.h"
#include "core/gemm_activations.h"
#include "core/grid_view.h"
#include "core/grouped_gemm.h"
#include "core/packed_conv2d.h"
#include "core/packed_gemm.h"
#include "core/quantization_calls.h"
#include "core/tensor_view.h"

namespace octet {
namespace cpu {

void FakeQuantize(const GridView& grid, const TensorView& x, const TensorView& out);

void FakeQuantizeBackward(const GridView& grid, const TensorView& x, const TensorView& grad_out,
                          const FakeQuantizeGradients& gradients);

void FakeQuantizePartials(const GridView& grid, const TensorView& x, const FakeQuantizePartialsOutputs& outputs);

void Quantize(const GridView& grid, const TensorView& x, const TensorView& codes);
void Dequantize(const GridView& grid, const TensorView& codes, const TensorView& out);

/** The first element of x, f32, in row-major order that FakeQuantize would change, -1: none. grid.axis is -1. */
int64_t FirstOffGrid(const GridView& grid, const TensorView& x);

/** zero_float is null for symmetric grids. */
void GridFromRange(const TensorView& x_min, const TensorView& x_max, bool asymmetric, int32_t n_bits, bool log_domain,
                   float eps, const TensorView& delta, const TensorView* zero_float, bool* is_signed);
void GridResolve(const GridView& grid, const TensorView* scale, const TensorView* zero_point);

void MinMax(const TensorView& x, int axis, const TensorView& out_min, const TensorView& out_max);

size_t PercentileWorkspaceSize(const TensorView& x);
void Percentile(const TensorView& x, int axis, double low, double high, const TensorView& out_low,
                const TensorView& out_high, void* workspace);

void RangeMse(const TensorView& x, int axis, const RangeMseOptions& options, const TensorView& candidate_min,
              const TensorView& candidate_max, const TensorView& loss);

/** Whether zero points of a weight grid, which must not be NaN, make a difference: see core/packed_gemm.h. */
bool GemmHasZeroPoints(const GridView& grid, ElementType type, int bits);
/** Rows first.. of `all` rows that a grid is for. */
struct GridRows {
  int64_t first;
  int64_t all;
};
/**
 * packed has the size that LayoutOf says. False if a code does not fit the format; then packed is part written. rows:
 * which the weights have of the grid.
 */
bool PackGemm(const TensorView& weights, const GridView& grid, const GridRows& rows, int bits, bool has_zero_points,
              char* packed);

size_t GemmWorkspaceSize(int64_t m, int64_t k);
/** The rows of the epilogue are [m, weights.n]. alone: in this thread. */
void Gemm(const GemmActivations& a, const PackedGemm& weights, const EpilogueView& epilogue, char* workspace,
          bool alone = false);

size_t GroupedGemmWorkspaceSize(int64_t m, int64_t k, int64_t groups);
/** Bias and factor of the epilogue have weights.n elements for each group. Rows after the last group are left alone. */
void GroupedGemm(const GemmActivations& a, const PackedGroups& weights, const RowGroups& groups,
                 const EpilogueView& epilogue, char* workspace);

/** blocks has the size of geometry.blocks() blocks. False as with PackGemm. */
bool PackConv2d(const TensorView& weights, const GridView& grid, const Conv2dGeometry& geometry, int bits,
                bool has_zero_points, char* blocks);

/** Whether a padded image is less than 2^60 bytes; to be asked before the functions below are called. */
bool Conv2dFits(const Conv2dGeometry& geometry, int64_t out_h, int64_t out_w);
size_t Conv2dWorkspaceSize(const PackedConv2d& weights, int64_t images, int64_t out_h, int64_t out_w);
void Conv2d(const Conv2dArguments& arguments, const PackedConv2d& weights, char* workspace);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_BACKEND_H_
