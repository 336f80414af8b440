// SPDX-License-Identifier: Apache-2.0
// Copies of elements as they are, from any strides to any strides. Where the dimension that lies closest together in
// the one is another one than in the other, tiles of both go through shared memory, so that reading and writing both
// touch whole sectors.
#include "cuda/map.h"
#include "cuda/map_kernels.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;

template <typename T>
struct CopyFunction {
  static constexpr int kOperands = 2;

  template <int kElements>
  __device__ void Run(const Chunk<kElements>& chunk, const Walk<kOperands>& walk) const {
    T elements[kElements];
    chunk.Load(walk, kX, elements);
    chunk.Store(walk, kOut, elements);
  }
};

constexpr int kTile = 32;
constexpr int kTileRows = 8;

/** A transposition of planes: `rows` counts what lies side by side in x, `columns` what does in out. */
struct Transposition {
  const char* from;
  char* to;
  int64_t rows;
  int64_t columns;
  /** In bytes, from column to column of x and from row to row of out. */
  int64_t from_column;
  int64_t to_row;
  Divider row_tiles;
  Divider column_tiles;
  int outer_dims;
  Divider outer[kMaxOuterDims];
  int64_t from_outer[kMaxOuterDims];
  int64_t to_outer[kMaxOuterDims];
};

// Four thread blocks a multiprocessor. Said, since ptxas else spills to make room for two more.
template <typename T>
__global__ void __launch_bounds__(kTile* kTileRows, 4) TransposeKernel(const __grid_constant__ Transposition t) {
  // Rows of an odd number of words: the elements of a column lie in different banks.
  constexpr int kPadding = sizeof(T) < 4 ? 4 / sizeof(T) : 1;
  __shared__ T tile[kTile][kTile + kPadding];
  const Divider::Result row_tile = t.row_tiles.Divide(blockIdx.x);
  const Divider::Result column_tile = t.column_tiles.Divide(row_tile.quotient);
  const char* from = t.from;
  char* to = t.to;
  int64_t plane = column_tile.quotient;
  for (int d = 0; d < t.outer_dims; ++d) {
    const Divider::Result place = t.outer[d].Divide(plane);
    from += place.remainder * t.from_outer[d];
    to += place.remainder * t.to_outer[d];
    plane = place.quotient;
  }
  const int64_t row = row_tile.remainder * kTile;
  const int64_t column = column_tile.remainder * kTile;
  for (int c = static_cast<int>(threadIdx.y); c < kTile; c += kTileRows) {
    if (column + c < t.columns && row + threadIdx.x < t.rows) {
      const char* at = from + (column + c) * t.from_column + (row + threadIdx.x) * static_cast<int64_t>(sizeof(T));
      tile[c][threadIdx.x] = *reinterpret_cast<const T*>(at);
    }
  }
  __syncthreads();
  for (int r = static_cast<int>(threadIdx.y); r < kTile; r += kTileRows) {
    if (row + r < t.rows && column + threadIdx.x < t.columns) {
      char* at = to + (row + r) * t.to_row + (column + threadIdx.x) * static_cast<int64_t>(sizeof(T));
      *reinterpret_cast<T*>(at) = tile[threadIdx.x][r];
    }
  }
}

/** Whether what lies side by side are different dimensions; long enough ones that tiles pay. */
bool IsTransposition(const WalkShape& shape, const WalkStrides& out, const WalkStrides& x, int64_t item,
                     Transposition* result) {
  constexpr int64_t kLeast = 8;
  int from = -1;
  int to = -1;
  for (int d = 0; d < shape.dims; ++d) {
    if (x.bytes[d] == item) from = d;
    if (out.bytes[d] == item) to = d;
  }
  if (from < 0 || to < 0 || from == to || shape.sizes[from] < kLeast || shape.sizes[to] < kLeast) return false;
  result->from = x.data;
  result->to = out.data;
  result->rows = shape.sizes[from];
  result->columns = shape.sizes[to];
  result->from_column = x.bytes[to];
  result->to_row = out.bytes[from];
  result->row_tiles = DividerOf((result->rows + kTile - 1) / kTile);
  result->column_tiles = DividerOf((result->columns + kTile - 1) / kTile);
  result->outer_dims = 0;
  for (int d = shape.dims - 1; d >= 0; --d) {
    if (d == from || d == to) continue;
    const int k = result->outer_dims++;
    result->outer[k] = DividerOf(shape.sizes[d]);
    result->from_outer[k] = x.bytes[d];
    result->to_outer[k] = out.bytes[d];
  }
  return true;
}

template <typename T>
octet_status RunCopy(const Call* call, const TensorView& x, const TensorView& out) {
  WalkShape shape = ShapeOf(out);
  WalkStrides operands[2] = {StridesOf(out), StridesOf(x)};
  WalkShape simple = shape;
  Simplify(&simple, operands, 2);
  Transposition transposition;
  if (!IsTransposition(simple, operands[kOut], operands[kX], sizeof(T), &transposition)) {
    return LaunchMap<16 / sizeof(T)>(call, "copy", simple, operands, kOut, CopyFunction<T>{});
  }
  const int64_t blocks = out.count / (transposition.rows * transposition.columns) * transposition.row_tiles.divisor *
                         transposition.column_tiles.divisor;
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "transpose", scope.error());
  TransposeKernel<T><<<static_cast<unsigned>(blocks), dim3(kTile, kTileRows), 0, StreamOf(call)>>>(transposition);
  return Launched(call, "transpose");
}

}  // namespace

octet_status Copy(const Call* call, const TensorView* x, const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  switch (out->item_size()) {
    case 8:
      return RunCopy<uint64_t>(call, *x, *out);
    case 4:
      return RunCopy<uint32_t>(call, *x, *out);
    case 2:
      return RunCopy<uint16_t>(call, *x, *out);
    default:
      return RunCopy<uint8_t>(call, *x, *out);
  }
}

}  // namespace cuda
}  // namespace octet
