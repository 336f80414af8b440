// SPDX-License-Identifier: Apache-2.0
// Rows of a table by their numbers. A thread has a few neighbouring values, 16 bytes of the wider of table and output;
// the index and the grid of a row are read by all its threads, from the cache but for the first. Indices outside the
// table, which the host can't see without waiting, give NaN (of codes: the zero point).
#include "cuda/launch.h"
#include "cuda/row_kernels.h"
#include "cuda/row_walk.h"
#include "cuda/span.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kOut = 0;
constexpr int kIndices = 1;

struct Parameters {
  const char* table;
  /** Bytes from row to row of the table. */
  int64_t stride;
  int64_t table_rows;
  int64_t length;
  /** Spans of a row. */
  Divider spans;
  ElementType type;
  Coding out;
  bool wide_indices;
  bool wrap;
  /** Floats have no grid. */
  bool has_grid;
  bool packed;
  bool is_signed;
  /** A grid for each of this many rows; without a single one the grid is on the host, in `step`. */
  Divider rows_per_grid;
  bool grid_on_device;
  numerics::Step step;
  const float* delta;
  const float* zero_float;
  numerics::Limits limits;
  float eps;
  bool log_domain;
};

__device__ numerics::Step StepOf(const Parameters& p, int64_t row) {
  if (!p.has_grid) return {1.0f, 0.0f};
  if (!p.grid_on_device) return p.step;
  const int64_t i = p.rows_per_grid.Divide(row).quotient;
  const float scale = numerics::ScaleOf(p.delta[i], p.eps, p.log_domain);
  return {scale, p.zero_float == nullptr ? 0.0f : numerics::ZeroPointOf(p.zero_float[i], p.limits)};
}

/** Codes of half a byte, two a byte, from an even one on. */
template <int kElements>
__device__ void LoadHalves(const char* row, int64_t first, int count, const Parameters& p, numerics::Step step,
                           float (&values)[kElements]) {
  uint8_t bytes[kElements / 2];
  LoadSpan(row + first / 2, (count + 1) / 2, bytes);
  // Subtracting 8 from an inverted sign bit extends it.
  const int flip = p.is_signed ? 8 : 0;
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    const int half = i % 2 == 0 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4;
    values[i] = numerics::ValueOfCode(static_cast<float>((half ^ flip) - flip), step);
  }
}

template <int kElements>
__global__ void __launch_bounds__(kThreads)
    EmbeddingKernel(const __grid_constant__ RowWalk<2> walk, const __grid_constant__ Parameters p) {
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  const Divider::Result place = p.spans.Divide(thread);
  if (place.quotient >= walk.rows) return;
  const int64_t first = place.remainder * kElements;
  const int64_t rest = p.length - first;
  const int count = rest < kElements ? static_cast<int>(rest) : kElements;
  const char* const at = walk.At(kIndices, place.quotient);
  const int64_t given = p.wide_indices ? *reinterpret_cast<const int64_t*>(at) : *reinterpret_cast<const int32_t*>(at);
  const int64_t index = p.wrap && given < 0 ? given + p.table_rows : given;
  char* const out = walk.At(kOut, place.quotient);
  float values[kElements];
  if (index < 0 || index >= p.table_rows) {
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = numerics::QuietNan();
  } else {
    const char* const row = p.table + index * p.stride;
    const numerics::Step step = StepOf(p, index);
    if (p.packed) {
      LoadHalves(row, first, count, p, step, values);
    } else {
      LoadRow(row, first, count, {p.type, step, p.limits}, values);
    }
  }
  StoreRow(out, first, count, p.out, values);
}

void AddGridOf(const GridView& grid, int64_t table_rows, Parameters* p) {
  p->has_grid = true;
  p->limits = grid.limits;
  p->eps = grid.eps;
  p->log_domain = grid.log_domain;
  p->grid_on_device = !grid.on_host;
  const auto* delta = reinterpret_cast<const float*>(grid.delta.data);
  const auto* zero_float = grid.has_zero_float ? reinterpret_cast<const float*>(grid.zero_float.data) : nullptr;
  if (grid.on_host) {
    p->step.scale = numerics::ScaleOf(*delta, grid.eps, grid.log_domain);
    p->step.zero_point = zero_float == nullptr ? 0.0f : numerics::ZeroPointOf(*zero_float, grid.limits);
    return;
  }
  p->delta = delta;
  p->zero_float = zero_float;
  const bool one = grid.axis < 0 || grid.delta.count == 0;
  p->rows_per_grid = DividerOf(one ? (table_rows < 1 ? 1 : table_rows) : table_rows / grid.delta.count);
}

}  // namespace

octet_status Embedding(const Call* call, const EmbeddingCall* embedding) {
  const TensorView& out = embedding->out->view;
  const TensorView& table = *embedding->rows;
  if (out.count == 0) return OCTET_OK;
  Parameters p = {};
  p.table = table.data;
  p.stride = table.strides[0] * table.item_size();
  p.table_rows = table.shape[0];
  p.length = out.shape[out.ndim - 1];
  p.type = table.type;
  p.out = CodingOf(*embedding->out);
  p.wide_indices = embedding->indices->type == ElementType::kS64;
  p.wrap = embedding->wrap;
  p.packed = embedding->packed;
  if (embedding->grid != nullptr) AddGridOf(*embedding->grid, p.table_rows, &p);
  p.is_signed = p.packed && p.limits.int_min < 0.0f;
  const int64_t widest = out.item_size() > table.item_size() ? out.item_size() : table.item_size();
  const int64_t elements = widest == 4 ? 4 : 8;
  p.spans = DividerOf((p.length + elements - 1) / elements);
  WalkStrides operands[2] = {StridesOf(out), StridesOf(*embedding->indices)};
  const auto walk = RowsOver(OuterShapeOf(out, 1), operands);
  const auto blocks = static_cast<unsigned>((walk.rows * p.spans.divisor + kThreads - 1) / kThreads);
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "embedding", scope.error());
  if (elements == 4) {
    EmbeddingKernel<4><<<blocks, kThreads, 0, StreamOf(call)>>>(walk, p);
  } else {
    EmbeddingKernel<8><<<blocks, kThreads, 0, StreamOf(call)>>>(walk, p);
  }
  return Launched(call, "embedding");
}

}  // namespace cuda
}  // namespace octet
