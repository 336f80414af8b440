// SPDX-License-Identifier: Apache-2.0
// Percentiles by selection: a histogram over the upper bits of the values tells in which buckets the wanted ranks lie;
// only values of those buckets are kept and searched. A value is read twice, and no more than the workspace is written.
#include <algorithm>
#include <atomic>

#include "cpu/backend.h"
#include "cpu/compact.h"
#include "cpu/kernels.h"
#include "cpu/slices.h"
#include "cpu/thread_pool.h"
#include "numerics/order.h"

namespace octet {
namespace cpu {
namespace {

// Sign, exponent and two bits of the fraction.
constexpr int kBucketBits = 11;
constexpr int64_t kBuckets = int64_t{1} << kBucketBits;

// Two neighbours for each of two percentiles.
constexpr int kRanks = 4;

// Slices up to this length are searched as they are: a histogram would cost more.
constexpr int64_t kShort = 4096;

// Pieces into which a long slice is cut, and the least length of one.
constexpr int64_t kMaxPieces = 16;
constexpr int64_t kMinPiece = 65536;

constexpr int64_t kBuffer = 1024;

int64_t BucketOf(uint32_t key) { return static_cast<int64_t>(key >> (32 - kBucketBits)); }

size_t RoundUp(size_t bytes) { return (bytes + 63) / 64 * 64; }

class Selection {
 public:
  Selection(const Slices& slices, int64_t slice, uint32_t* keys, int64_t* histograms)
      : kernels_(CurrentKernels()),
        slices_(slices),
        slice_(slice),
        keys_(keys),
        histograms_(histograms),
        length_(slices.length()),
        piece_(std::max(kMinPiece, (length_ + kMaxPieces - 1) / kMaxPieces)),
        pieces_((length_ + piece_ - 1) / piece_) {}

  /** Values of sorted ranks; false if there is a NaN. for_each(count, body) runs body(0..count-1). */
  template <typename ForEach>
  bool Find(const int64_t (&ranks)[kRanks], const ForEach& for_each, float (&values)[kRanks]) {
    if (length_ <= kShort) return FindInShort(ranks, values);
    for_each(pieces_, [this](int64_t piece) { Count(piece); });
    if (nan_.load(std::memory_order_relaxed)) return false;
    PlanBuckets(ranks);
    for_each(pieces_, [this](int64_t piece) { Collect(piece); });
    for (int r = 0; r < kRanks; ++r) {
      const Bucket& bucket = wanted_[bucket_of_rank_[r]];
      uint32_t* nth = keys_ + bucket.start + (ranks[r] - bucket.first_rank);
      std::nth_element(keys_ + bucket.start, nth, keys_ + bucket.start + bucket.size);
      values[r] = numerics::FloatOfOrderKey(*nth);
    }
    return true;
  }

 private:
  /** A bucket in which a wanted rank lies. */
  struct Bucket {
    /** Rank of its least value in the slice. */
    int64_t first_rank;
    int64_t size;
    /** Where its keys are collected. */
    int64_t start;
    /** Where the next key of a piece goes, by piece. */
    int64_t next[kMaxPieces];
  };

  template <typename Visit>
  void ForEachBlock(int64_t begin, int64_t end, const Visit& visit) const {
    alignas(64) float buffer[kBuffer];
    for (; begin < end; begin += kBuffer) {
      const int64_t count = std::min(kBuffer, end - begin);
      visit(slices_.Read(kernels_, slice_, begin, count, buffer), count);
    }
  }

  bool FindInShort(const int64_t (&ranks)[kRanks], float (&values)[kRanks]) {
    uint32_t* next = keys_;
    bool nan = false;
    ForEachBlock(0, length_, [&](const float* block, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        nan = nan || numerics::IsNan(block[i]);
        *next++ = numerics::OrderKey(block[i]);
      }
    });
    if (nan) return false;
    uint32_t* begin = keys_;
    for (int r = 0; r < kRanks; ++r) {
      uint32_t* nth = keys_ + ranks[r];
      // What lies below a rank found before is no longer of interest.
      if (nth >= begin) std::nth_element(begin, nth, keys_ + length_);
      begin = std::max(begin, nth + 1);
      values[r] = numerics::FloatOfOrderKey(*nth);
    }
    return true;
  }

  void Count(int64_t piece) {
    int64_t* histogram = histograms_ + piece * kBuckets;
    std::fill(histogram, histogram + kBuckets, int64_t{0});
    bool nan = false;
    ForEachBlock(piece * piece_, std::min((piece + 1) * piece_, length_), [&](const float* block, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        nan |= numerics::IsNan(block[i]);
        ++histogram[BucketOf(numerics::OrderKey(block[i]))];
      }
    });
    if (nan) nan_.store(true, std::memory_order_relaxed);
  }

  /** Finds the buckets of the ranks (sorted) and lays out the keys. */
  void PlanBuckets(const int64_t (&ranks)[kRanks]) {
    int64_t below = 0;
    int64_t start = 0;
    int rank = 0;
    int used = 0;
    for (int64_t b = 0; b < kBuckets && rank < kRanks; ++b) {
      int64_t size = 0;
      for (int64_t piece = 0; piece < pieces_; ++piece) size += histograms_[piece * kBuckets + b];
      if (ranks[rank] < below + size) {
        Bucket& bucket = wanted_[used++];
        bucket.first_rank = below;
        bucket.size = size;
        bucket.start = start;
        for (int64_t piece = 0; piece < pieces_; ++piece) {
          bucket.next[piece] = start;
          start += histograms_[piece * kBuckets + b];
        }
        slots_[b] = static_cast<uint8_t>(used);
        while (rank < kRanks && ranks[rank] < below + size) bucket_of_rank_[rank++] = used - 1;
      }
      below += size;
    }
  }

  void Collect(int64_t piece) {
    int64_t next[kRanks];
    for (int s = 0; s < kRanks; ++s) next[s] = wanted_[s].next[piece];
    ForEachBlock(piece * piece_, std::min((piece + 1) * piece_, length_), [&](const float* block, int64_t count) {
      for (int64_t i = 0; i < count; ++i) {
        const uint32_t key = numerics::OrderKey(block[i]);
        const int slot = slots_[BucketOf(key)];
        if (slot != 0) keys_[next[slot - 1]++] = key;
      }
    });
  }

  const Kernels& kernels_;
  const Slices& slices_;
  const int64_t slice_;
  uint32_t* const keys_;
  int64_t* const histograms_;
  const int64_t length_;
  const int64_t piece_;
  const int64_t pieces_;
  std::atomic<bool> nan_{false};
  Bucket wanted_[kRanks] = {};
  /** Place in wanted_, by rank. */
  int bucket_of_rank_[kRanks] = {};
  /** 1 + place in wanted_, or 0, by bucket. */
  uint8_t slots_[kBuckets] = {};
};

}  // namespace

// One set of histograms is enough: long slices are taken one after the other.
size_t PercentileWorkspaceSize(const TensorView& x) {
  if (x.count == 0) return 0;
  const size_t histograms = static_cast<size_t>(kMaxPieces * kBuckets) * sizeof(int64_t);
  return RoundUp(static_cast<size_t>(x.count) * sizeof(uint32_t)) + (x.count > kMinPiece ? histograms : 0);
}

void Percentile(const TensorView& x, int axis, double low, double high, const TensorView& out_low,
                const TensorView& out_high, void* workspace) {
  if (out_low.count == 0) return;
  const Slices slices(x, axis, out_low.count, SliceOrder::kAny);
  const int64_t length = slices.length();
  uint32_t* keys = static_cast<uint32_t*>(workspace);
  int64_t* histograms = reinterpret_cast<int64_t*>(static_cast<char*>(workspace) +
                                                   RoundUp(static_cast<size_t>(x.count) * sizeof(uint32_t)));
  const numerics::Rank low_rank = numerics::RankOf(low, length);
  const numerics::Rank high_rank = numerics::RankOf(high, length);
  const auto next = [length](int64_t index) { return std::min(index + 1, length - 1); };
  int64_t ranks[kRanks] = {low_rank.index, next(low_rank.index), high_rank.index, next(high_rank.index)};
  std::sort(ranks, ranks + kRanks);

  const auto one_slice = [&](int64_t slice, int64_t* slice_histograms, const auto& for_each) {
    Selection selection(slices, slice, keys + slice * length, slice_histograms);
    float values[kRanks];
    float results[2] = {numerics::QuietNan(), numerics::QuietNan()};
    if (selection.Find(ranks, for_each, values)) {
      const auto value = [&](int64_t rank) { return values[std::find(ranks, ranks + kRanks, rank) - ranks]; };
      results[0] = numerics::Interpolate(value(low_rank.index), value(next(low_rank.index)), low_rank.fraction);
      results[1] = numerics::Interpolate(value(high_rank.index), value(next(high_rank.index)), high_rank.fraction);
    }
    StoreCompact(out_low, slice, results[0]);
    StoreCompact(out_high, slice, results[1]);
  };
  if (length > kMinPiece) {
    const auto in_parallel = [](int64_t count, const auto& body) { ParallelFor(count, body); };
    for (int64_t slice = 0; slice < slices.count(); ++slice) one_slice(slice, histograms, in_parallel);
    return;
  }
  const auto in_turn = [](int64_t count, const auto& body) {
    for (int64_t i = 0; i < count; ++i) body(i);
  };
  const int64_t per_item = std::max<int64_t>(1, 16384 / length);
  const int64_t items = (slices.count() + per_item - 1) / per_item;
  ParallelFor(items, [&](int64_t item) {
    const int64_t last = std::min(slices.count(), (item + 1) * per_item);
    int64_t histogram[kBuckets];
    for (int64_t slice = item * per_item; slice < last; ++slice) one_slice(slice, histogram, in_turn);
  });
}

}  // namespace cpu
}  // namespace octet
