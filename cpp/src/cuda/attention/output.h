// SPDX-License-Identifier: Apache-2.0
// A warp's 16 rows of the output: from four neighbouring values a thread through shared memory to 16 bytes a thread of
// whole rows.
//
// Rows of 64 elements lie without gaps; their 16-byte chunks are exchanged so that neither writes, of 4, 8 or 16 bytes
// a thread, nor reads meet in a bank.
#ifndef OCTET_CUDA_ATTENTION_OUTPUT_H_
#define OCTET_CUDA_ATTENTION_OUTPUT_H_

#include <cstdint>

#include "cuda/attention/problem.h"
#include "cuda/gemm/epilogue_values.h"
#include "cuda/gemm/tile.h"

namespace octet {
namespace cuda {

/** Bytes of shared memory of a warp, for f32. */
constexpr int kOutputBytes = kWarpRows * kSlabColumns * 4;

class Output {
 public:
  /** shared: kOutputBytes of the warp's own. */
  __device__ Output(const AttentionProblem& problem, const BlockPlace& place, int8_t* shared)
      : problem_(problem),
        place_(place),
        shared_(shared),
        size_(static_cast<int>(SizeOf(problem.view.out.type))),
        lane_(static_cast<int>(threadIdx.x) % kWarpSize),
        first_row_(place.first_row + static_cast<int>(threadIdx.x) / kWarpSize * kWarpRows) {}

  /** Keeps values of columns 16 * chunk + 4 * (lane % 4) and behind it, of row lane / 4 + 8 * half. */
  __device__ void Put(int chunk, int half, const float (&values)[4]) const {
    const int row = lane_ / 4 + 8 * half;
    const int byte = (16 * chunk + lane_ % 4 * 4) * size_;
    PutValues(problem_.view, problem_.codes, values, shared_ + OffsetOf16(row, byte / 16) + byte % 16);
  }

  /** Writes what was kept to columns first_column and behind it; between two __syncwarp. */
  __device__ void Store(int first_column) const {
    const int rows = min(kWarpRows, problem_.rows - first_row_);
    const int bytes = min(kSlabColumns, problem_.v.width - first_column) * size_;
    const int chunks = kSlabColumns * size_ / 16;
    for (int i = lane_; i < rows * chunks; i += kWarpSize) {
      const int row = i / chunks;
      const int offset = i % chunks * 16;
      if (offset >= bytes) continue;
      const RowPlace at(problem_, place_, first_row_ + row);
      char* to = problem_.view.out.data + OffsetOf(problem_.out_strides, place_.batch, at.head, at.query) +
                 static_cast<int64_t>(first_column) * size_ + offset;
      const int8_t* from = shared_ + OffsetOf16(row, i % chunks);
      if (problem_.out_vectors && offset + 16 <= bytes) {
        *reinterpret_cast<uint4*>(to) = *reinterpret_cast<const uint4*>(from);
        continue;
      }
      for (int b = 0; b < 16 && offset + b < bytes; b += size_) {
        CopyElement(to + b, reinterpret_cast<const char*>(from) + b, size_);
      }
    }
  }

 private:
  /** Where 16 bytes of a row lie. */
  __device__ int OffsetOf16(int row, int chunk) const {
    const int exchanged = size_ == 4 ? row % 2 * 4 : size_ == 2 ? row % 4 * 2 : row / 2 % 4;
    return row * kSlabColumns * size_ + (chunk ^ exchanged) * 16;
  }

  const AttentionProblem& problem_;
  const BlockPlace& place_;
  int8_t* const shared_;
  const int size_;
  const int lane_;
  const int32_t first_row_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_OUTPUT_H_
