// SPDX-License-Identifier: Apache-2.0
// From the sums of a warp of a warpgroup to its part of the output. Stages belong to the next tile by then, so the
// epilogue has shared memory of its own: for eight rows of 128 columns a warp, which is what is left beside the stages.
#ifndef OCTET_CUDA_GEMM_HOPPER_EPILOGUE_H_
#define OCTET_CUDA_GEMM_HOPPER_EPILOGUE_H_

#include <cstdint>

#include "cuda/gemm/epilogue_rows.h"
#include "cuda/gemm/hopper_tile.h"

namespace octet {
namespace cuda {

template <typename T>
class HopperEpilogue {
 public:
  using Sums = int32_t[T::kRowParts][T::kColumnParts][4];

  /** memory: kEpilogueWarpBytes of the warp. */
  __device__ HopperEpilogue(const Epilogue& epilogue, int8_t* memory)
      : epilogue_(epilogue),
        part_(PartOf(epilogue, {}, {})),
        memory_(memory),
        lane_(static_cast<int>(threadIdx.x) % kWarpSize) {}

  /** first_row: of the warp's first sixteen rows; those of the next product are 64 further on. */
  __device__ void Run(const Sums& sums, int64_t first_row, int32_t first_column) const {
#pragma unroll 1
    for (int column = 0; column < kColumnPasses; ++column) {
      const EpilogueRows<T::kEpilogueColumns, T::kEpilogueRows, T::kEpilogueRowWords> rows(
          epilogue_, part_, memory_, first_column + column * T::kEpilogueColumns);
#pragma unroll 1
      for (int half = 0; half < kHalves; ++half) {
        WriteSums(sums, column * kHalves + half);
        rows.Run(first_row + half / 2 * kGroupProductRows + half % 2 * T::kEpilogueRows);
      }
    }
  }

 private:
  static constexpr int kColumnPasses = T::kWeights / T::kEpilogueColumns;
  /** Of eight rows. */
  static constexpr int kHalves = T::kRowParts * 2;
  static constexpr int kPassParts = T::kEpilogueColumns / 8;

  /** Indices of registers have to be constants: a branch for every pass. */
  __device__ void WriteSums(const Sums& sums, int pass) const {
    int32_t* words = reinterpret_cast<int32_t*>(memory_) + lane_ / 4 * T::kEpilogueRowWords + lane_ % 4 * 2;
#pragma unroll
    for (int i = 0; i < kColumnPasses * kHalves; ++i) {
      if (i != pass) continue;
      const int half = i % kHalves;
#pragma unroll
      for (int c = 0; c < kPassParts; ++c) {
        const int32_t(&part)[4] = sums[half / 2][i / kHalves * kPassParts + c];
        *reinterpret_cast<int2*>(words + c * 8) = {part[half % 2 * 2], part[half % 2 * 2 + 1]};
      }
    }
  }

  const Epilogue& epilogue_;
  const EpiloguePart part_;
  int8_t* const memory_;
  const int lane_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_EPILOGUE_H_
