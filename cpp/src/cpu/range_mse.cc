// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "cpu/backend.h"
#include "cpu/compact.h"
#include "cpu/kernels.h"
#include "cpu/scratch.h"
#include "cpu/slices.h"
#include "cpu/thread_pool.h"
#include "numerics/grid.h"
#include "numerics/summation.h"

namespace octet {
namespace cpu {
namespace {

using numerics::kBlock;

// Candidates that go over a block of x together: the block (4 KB) and their parameters and sums (6 KB) stay in the
// first-level cache.
constexpr int64_t kCandidateTile = 256;

class Search {
 public:
  Search(const TensorView& x, int axis, const RangeMseOptions& options, const TensorView& candidate_min,
         const TensorView& candidate_max, const TensorView& loss)
      : kernels_(CurrentKernels()),
        slices_(x, axis, axis < 0 ? 1 : x.shape[axis], SliceOrder::kRowMajor),
        options_(options),
        candidate_min_(candidate_min),
        candidate_max_(candidate_max),
        loss_(loss),
        candidates_(loss.count / slices_.count()),
        per_slice_(candidate_min.count != candidates_),
        chunk_length_(numerics::BlocksPerChunk(slices_.length()) * kBlock),
        chunks_(numerics::ChunkCount(slices_.length())),
        tiles_((candidates_ + kCandidateTile - 1) / kCandidateTile) {}

  void Run() {
    if (chunks_ == 1) {
      ParallelFor(slices_.count() * tiles_, [this](int64_t item) {
        double sums[kCandidateTile];
        const int64_t slice = item / tiles_;
        const int64_t tile = item % tiles_;
        SumChunk(slice, tile, 0, sums);
        for (int64_t i = 0; i < TileSize(tile); ++i) StoreLoss(slice, tile * kCandidateTile + i, sums[i]);
      });
      return;
    }
    Scratch scratch(Scratch::Bytes<double>(chunks_ * candidates_));
    double* sums = scratch.Take<double>(chunks_ * candidates_);
    for (int64_t slice = 0; slice < slices_.count(); ++slice) {
      ParallelFor(chunks_ * tiles_, [this, slice, sums](int64_t item) {
        const int64_t chunk = item / tiles_;
        const int64_t tile = item % tiles_;
        SumChunk(slice, tile, chunk, sums + chunk * candidates_ + tile * kCandidateTile);
      });
      for (int64_t candidate = 0; candidate < candidates_; ++candidate) {
        double sum = 0.0;
        for (int64_t chunk = 0; chunk < chunks_; ++chunk) sum += sums[chunk * candidates_ + candidate];
        StoreLoss(slice, candidate, sum);
      }
    }
  }

 private:
  int64_t TileSize(int64_t tile) const { return std::min(kCandidateTile, candidates_ - tile * kCandidateTile); }

  void SumChunk(int64_t slice, int64_t tile, int64_t chunk, double* sums) const {
    MseCandidate candidates[kCandidateTile];
    const int64_t count = TileSize(tile);
    const int64_t first = (per_slice_ ? slice * candidates_ : 0) + tile * kCandidateTile;
    for (int64_t i = 0; i < count; ++i) {
      candidates[i] =
          numerics::MakeCandidate(LoadCompact(candidate_min_, first + i), LoadCompact(candidate_max_, first + i),
                                  options_.asymmetric, options_.n_bits, options_.log_domain, options_.eps);
      sums[i] = 0.0;
    }
    alignas(64) float buffer[kBlock];
    const int64_t end = std::min((chunk + 1) * chunk_length_, slices_.length());
    for (int64_t begin = chunk * chunk_length_; begin < end; begin += kBlock) {
      const int64_t elements = std::min(kBlock, end - begin);
      const float* block = slices_.Read(kernels_, slice, begin, elements, buffer);
      kernels_.squared_errors(block, elements, candidates, count, sums);
    }
  }

  void StoreLoss(int64_t slice, int64_t candidate, double value) const {
    const int64_t index = slice * candidates_ + candidate;
    if (loss_.type == ElementType::kF64) {
      StoreCompact(loss_, index, value);
    } else {
      StoreCompact(loss_, index, static_cast<float>(value));
    }
  }

  const Kernels& kernels_;
  const Slices slices_;
  const RangeMseOptions& options_;
  const TensorView& candidate_min_;
  const TensorView& candidate_max_;
  const TensorView& loss_;
  const int64_t candidates_;
  const bool per_slice_;
  const int64_t chunk_length_;
  const int64_t chunks_;
  const int64_t tiles_;
};

}  // namespace

void RangeMse(const TensorView& x, int axis, const RangeMseOptions& options, const TensorView& candidate_min,
              const TensorView& candidate_max, const TensorView& loss) {
  if (loss.count == 0) return;
  Search(x, axis, options, candidate_min, candidate_max, loss).Run();
}

}  // namespace cpu
}  // namespace octet
