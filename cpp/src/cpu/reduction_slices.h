// SPDX-License-Identifier: Apache-2.0
// A tensor as slices along some of its dimensions, each a sequence of elements in row-major order.
#ifndef OCTET_CPU_REDUCTION_SLICES_H_
#define OCTET_CPU_REDUCTION_SLICES_H_

#include <algorithm>
#include <cstdint>

#include "core/tensor_view.h"
#include "cpu/tile_loop.h"

namespace octet {
namespace cpu {

/** x as one slice for each result: the kept dimensions, then the reduced ones, in row-major order. */
class ReductionSlices {
 public:
  /** Elements of a piece of work. */
  static constexpr int64_t kPiece = 32768;

  ReductionSlices(const TensorView& x, const bool* reduced)
      : permuted_(Permuted(x, reduced)), loop_({&order_, &permuted_}) {}

  int64_t count() const { return count_; }
  int64_t length() const { return length_; }

  /** How many slices, from every multiple of it on, lie side by side with each of their elements; 1 if there is no such
   * dimension. */
  int64_t columns() const { return columns_; }
  /** The memory of an element of a slice. */
  const char* At(int64_t slice, int64_t element) const { return loop_.At(1, slice * length_ + element); }

  /** Calls body(elements, count) for the tiles of a slice in order. */
  template <typename Body>
  void ForEachTileOf(int64_t slice, TileBuffer* buffer, const Body& body) const {
    for (int64_t start = 0; start < length_; start += kTileElements) {
      const int64_t count = std::min(kTileElements, length_ - start);
      body(RawTile(loop_, 1, slice * length_ + start, count, buffer), start, count);
    }
  }

  /** Writes neighbouring elements of a slice, in a loop over outputs. */
  void Write(int64_t slice, int64_t start, int64_t count, const char* elements) const {
    loop_.Scatter(1, slice * length_ + start, count, elements);
  }

  /** Calls body(slice, buffer) for all slices, on several threads where that pays. */
  template <typename Body>
  void ForEachSlice(const Body& body) const {
    const int64_t per_piece = std::max<int64_t>(1, kPiece / std::max<int64_t>(1, length_));
    ParallelFor((count_ + per_piece - 1) / per_piece, [&](int64_t piece) {
      TileBuffer buffer;
      const int64_t end = std::min(count_, (piece + 1) * per_piece);
      for (int64_t slice = piece * per_piece; slice < end; ++slice) body(slice, &buffer);
    });
  }

 private:
  TensorView Permuted(const TensorView& x, const bool* reduced) {
    TensorView result = x;
    int to = 0;
    for (bool wanted : {false, true}) {
      for (int d = 0; d < x.ndim; ++d) {
        if (reduced[d] != wanted) continue;
        (wanted ? length_ : count_) *= x.shape[d];
        result.shape[to] = x.shape[d];
        result.strides[to++] = x.strides[d];
        // The last of the kept dimensions decides.
        if (!wanted && x.shape[d] != 1) columns_ = x.strides[d] == 1 ? x.shape[d] : 1;
      }
    }
    // The loop goes in the order of its first operand: one without memory, in row-major order.
    order_ = result;
    order_.data = nullptr;
    int64_t stride = 1;
    for (int d = x.ndim - 1; d >= 0; --d) {
      order_.strides[d] = stride;
      stride *= std::max<int64_t>(1, x.shape[d]);
    }
    return result;
  }

  int64_t count_ = 1;
  int64_t length_ = 1;
  int64_t columns_ = 1;
  TensorView order_;
  TensorView permuted_;
  TileLoop loop_;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_REDUCTION_SLICES_H_
