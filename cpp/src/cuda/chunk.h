// SPDX-License-Identifier: Apache-2.0
// A chunk: the elements of a row that one thread works on, 16 bytes of the widest operand (the lead). Chunks begin at
// its 16-byte boundaries; the first and the last of a row may be short, and are then read and written by elements, as
// is an operand that does not lie on a boundary where the lead does. Neighbouring threads take neighbouring chunks, so
// that every sector is touched by one request of a warp.
#ifndef OCTET_CUDA_CHUNK_H_
#define OCTET_CUDA_CHUNK_H_

#include <cstdint>

#include "core/tensor_view.h"
#include "cuda/pack.h"
#include "cuda/walk.h"
#include "numerics/epilogue.h"
#include "numerics/half.h"

namespace octet {
namespace cuda {

template <int kElements>
class Chunk {
 public:
  template <int kOperands>
  __device__ Chunk(const Walk<kOperands>& walk, int64_t index) {
    Divider::Result place = {0, index};
    if (walk.rows > 1) place = walk.chunks.Divide(index);
    row_ = place.quotient;
    valid_ = row_ < walk.rows;
    if (!valid_) return;
    const WalkOperand& lead = walk.operands[walk.lead];
    first_ = place.remainder * kElements;
    if (lead.inner * kElements == 16) {
      const uintptr_t start =
          reinterpret_cast<uintptr_t>(lead.data) + static_cast<uintptr_t>(OuterOffset(walk, walk.lead));
      // A constant, for lead.inner: divisions of 64 bits are some 70 instructions.
      constexpr int kInner = 16 / kElements;
      first_ -= static_cast<int>(start % 16) / kInner;
    }
    begin_ = first_ < 0 ? static_cast<int>(-first_) : 0;
    const int64_t rest = walk.length - first_;
    end_ = rest < kElements ? static_cast<int>(rest) : kElements;
    valid_ = begin_ < end_;
  }

  /** Whether there are elements at all. */
  __device__ bool valid() const { return valid_; }
  /** Whether element number i is one of the row. */
  __device__ bool Has(int i) const { return i >= begin_ && i < end_; }
  __device__ bool full() const { return begin_ == 0 && end_ == kElements; }

  /** Where the elements of an operand lie. */
  struct Place {
    /** Of element 0, before the row where the row begins within the chunk. */
    char* start;
    /** Bytes from element to element. */
    int64_t inner;
  };

  /** Found once for an operand of whatever type: its divisions are most of the code of a load. */
  template <int kOperands>
  __device__ Place At(const Walk<kOperands>& walk, int operand) const {
    const WalkOperand& of = walk.operands[operand];
    return {of.data + OuterOffset(walk, operand) + first_ * of.inner, of.inner};
  }

  /** Elements of an operand; those outside the row are 0. */
  template <typename T>
  __device__ void Load(const Place& from, Pack<T, kElements>* pack) const {
    if (from.inner == 0) {
      const T value = *reinterpret_cast<const T*>(from.start);
#pragma unroll
      for (int i = 0; i < kElements; ++i) pack->elements[i] = value;
      return;
    }
    if (IsWhole<T>(from)) {
#pragma unroll
      for (int p = 0; p < Pack<T, kElements>::kBytes / Pack<T, kElements>::kPiece; ++p) {
        pack->words[p] = reinterpret_cast<const typename Pack<T, kElements>::Word*>(from.start)[p];
      }
      return;
    }
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      pack->elements[i] = Has(i) ? *reinterpret_cast<const T*>(from.start + i * from.inner) : T{};
    }
  }

  template <typename T>
  __device__ void Load(const Place& from, T (&values)[kElements]) const {
    Pack<T, kElements> pack;
    Load(from, &pack);
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = pack.elements[i];
  }

  template <typename T, int kOperands>
  __device__ void Load(const Walk<kOperands>& walk, int operand, T (&values)[kElements]) const {
    Load(At(walk, operand), values);
  }

  template <typename T>
  __device__ void Store(const Place& to, const Pack<T, kElements>& pack) const {
    if (IsWhole<T>(to)) {
#pragma unroll
      for (int p = 0; p < Pack<T, kElements>::kBytes / Pack<T, kElements>::kPiece; ++p) {
        StoreWhole(to.start + p * Pack<T, kElements>::kPiece, pack.words[p]);
      }
      return;
    }
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      if (Has(i)) *reinterpret_cast<T*>(to.start + i * to.inner) = pack.elements[i];
    }
  }

  template <typename T>
  __device__ void Store(const Place& to, const T (&values)[kElements]) const {
    Pack<T, kElements> pack;
#pragma unroll
    for (int i = 0; i < kElements; ++i) pack.elements[i] = values[i];
    Store(to, pack);
  }

  template <typename T, int kOperands>
  __device__ void Store(const Walk<kOperands>& walk, int operand, const T (&values)[kElements]) const {
    Store(At(walk, operand), values);
  }

 private:
  template <int kOperands>
  __device__ int64_t OuterOffset(const Walk<kOperands>& walk, int operand) const {
    return OffsetOf(row_, walk.outer_dims, walk.outer, walk.operands[operand].outer);
  }

  /** Whether all elements are there, side by side and at a boundary. */
  template <typename T>
  __device__ bool IsWhole(const Place& place) const {
    return full() && place.inner == static_cast<int64_t>(sizeof(T)) &&
           reinterpret_cast<uintptr_t>(place.start) % Pack<T, kElements>::kPiece == 0;
  }

  int64_t row_;
  /** Of the first element; below 0 where the row begins within the chunk. */
  int64_t first_;
  int begin_;
  int end_;
  bool valid_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_CHUNK_H_
