// SPDX-License-Identifier: Apache-2.0
// Tiles go through shared memory, so that reading and writing both touch whole sectors. Elements of one and two bytes
// are moved four bytes at a time on either side: threads turn squares of four by four bytes, or two by two halves,
// round in registers between. One element at a time, a plane of bytes took 868 instructions of warps for each KB moved,
// in which an A100's memory moves three; these take 305.
#include "cuda/transpose.h"

#include "cuda/launch.h"
#include "cuda/words.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kTile = 32;
constexpr int kTileRows = 8;

/** The plane of a tile, and where in it the tile begins. */
struct TilePlace {
  const char* from;
  char* to;
  int64_t row;
  int64_t column;

  __device__ TilePlace(const Transposition& t, int side) : from(t.from), to(t.to) {
    const Divider::Result row_tile = t.row_tiles.Divide(blockIdx.x);
    const Divider::Result column_tile = t.column_tiles.Divide(row_tile.quotient);
    row = row_tile.remainder * side;
    column = column_tile.remainder * side;
    int64_t plane = column_tile.quotient;
    for (int d = 0; d < t.outer_dims; ++d) {
      const Divider::Result place = t.outer[d].Divide(plane);
      from += place.remainder * t.from_outer[d];
      to += place.remainder * t.to_outer[d];
      plane = place.quotient;
    }
  }
};

// Four thread blocks a multiprocessor. Said, since ptxas else spills to make room for two more.
template <typename T>
__global__ void __launch_bounds__(kTile* kTileRows, 4) TransposeKernel(const __grid_constant__ Transposition t) {
  // Rows of an odd number of words: the elements of a column lie in different banks.
  __shared__ T tile[kTile][kTile + 1];
  const TilePlace place(t, kTile);
  const int x = static_cast<int>(threadIdx.x);
  for (int c = static_cast<int>(threadIdx.y); c < kTile; c += kTileRows) {
    if (place.column + c < t.columns && place.row + x < t.rows) {
      const char* at =
          place.from + (place.column + c) * t.from_column + (place.row + x) * static_cast<int64_t>(sizeof(T));
      tile[c][x] = *reinterpret_cast<const T*>(at);
    }
  }
  __syncthreads();
  for (int r = static_cast<int>(threadIdx.y); r < kTile; r += kTileRows) {
    if (place.row + r < t.rows && place.column + x < t.columns) {
      char* at = place.to + (place.row + r) * t.to_row + (place.column + x) * static_cast<int64_t>(sizeof(T));
      *reinterpret_cast<T*>(at) = tile[x][r];
    }
  }
}

/** Elements of a side of a tile. */
template <typename T>
constexpr int kWordTile = kTile* kPerWord<T>;

/** T: of one or two bytes. */
template <typename T>
__global__ void __launch_bounds__(kTile* kTileRows, 4) TransposeWordsKernel(const __grid_constant__ Transposition t) {
  constexpr int kPer = kPerWord<T>;
  constexpr int64_t kSize = sizeof(T);
  constexpr int kSide = kWordTile<T>;
  // Row by row of the output. Word w of row r is at w ^ (r / kPer): a warp that writes the same word of every
  // kPer-th row meets all banks, and one that reads a row does as well.
  __shared__ uint32_t tile[kSide][kTile];
  const TilePlace place(t, kSide);
  const auto rows = static_cast<int>(min(t.rows - place.row, int64_t{kSide}));
  const auto columns = static_cast<int>(min(t.columns - place.column, int64_t{kSide}));
  const int lane = static_cast<int>(threadIdx.x);
  const int own = lane * kPer;
  const char* from = place.from + place.column * t.from_column + (place.row + own) * kSize;
  if (own < rows) {
#pragma unroll
    for (int group = 0; group < kTile / kTileRows; ++group) {
      const int word = group * kTileRows + static_cast<int>(threadIdx.y);
      uint32_t square[kPer];
#pragma unroll
      for (int i = 0; i < kPer; ++i) {
        const int c = word * kPer + i;
        square[i] = c < columns ? LoadWord<T>(from + c * t.from_column, rows - own) : 0;
      }
      TransposeSquare(square);
#pragma unroll
      for (int i = 0; i < kPer; ++i) tile[own + i][word ^ lane] = square[i];
    }
  }
  __syncthreads();
  if (own >= columns) return;
  char* const to = place.to + place.row * t.to_row + (place.column + own) * kSize;
#pragma unroll 4
  for (int r = static_cast<int>(threadIdx.y); r < rows; r += kTileRows) {
    StoreWord<T>(to + r * t.to_row, columns - own, tile[r][lane ^ (r / kPer)]);
  }
}

}  // namespace

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
  result->planes = 1;
  result->outer_dims = 0;
  for (int d = shape.dims - 1; d >= 0; --d) {
    if (d == from || d == to) continue;
    const int k = result->outer_dims++;
    result->planes *= shape.sizes[d];
    result->outer[k] = DividerOf(shape.sizes[d]);
    result->from_outer[k] = x.bytes[d];
    result->to_outer[k] = out.bytes[d];
  }
  return true;
}

octet_status LaunchTransposition(const Call* call, int64_t item, Transposition t) {
  const DeviceScope scope(call);
  if (scope.error() != cudaSuccess) return Report(call, "transpose", scope.error());
  const int64_t side = item < 4 ? kTile * 4 / item : kTile;
  t.row_tiles = DividerOf((t.rows + side - 1) / side);
  t.column_tiles = DividerOf((t.columns + side - 1) / side);
  const auto blocks = static_cast<unsigned>(t.planes * t.row_tiles.divisor * t.column_tiles.divisor);
  const dim3 threads(kTile, kTileRows);
  switch (item) {
    case 8:
      TransposeKernel<uint64_t><<<blocks, threads, 0, StreamOf(call)>>>(t);
      break;
    case 4:
      TransposeKernel<uint32_t><<<blocks, threads, 0, StreamOf(call)>>>(t);
      break;
    case 2:
      TransposeWordsKernel<uint16_t><<<blocks, threads, 0, StreamOf(call)>>>(t);
      break;
    default:
      TransposeWordsKernel<uint8_t><<<blocks, threads, 0, StreamOf(call)>>>(t);
      break;
  }
  return Launched(call, "transpose");
}

}  // namespace cuda
}  // namespace octet
