// SPDX-License-Identifier: Apache-2.0
// Where the operands of a product of floats come from, and how a tile of them gets to shared memory: through registers,
// in which any type becomes f32. A tile is kDepth k by kSide rows or columns. In shared memory it lies as [k][side], so
// that a thread reads neighbouring rows (columns) of a k at once. The place in a row of it is exchanged by an XOR:
//
//     side ^ 8 * (k / 4 % 4)
//
// so that the 32 threads of a warp, which write the same one of their four neighbouring k of eight rows, meet no bank
// twice, and neither do reads and writes of 16 bytes, whose order alone is changed.
//
// K is filled up by products of +0 by -0: their -0 leaves every sum as it is, be it -0, infinite or NaN. The left
// operand gives +0 (kFill) beyond its end, the right one -0.
#ifndef OCTET_CUDA_FLOAT_SOURCES_H_
#define OCTET_CUDA_FLOAT_SOURCES_H_

#include <cstdint>

#include "cuda/float/quad.h"

namespace octet {
namespace cuda {

constexpr int kFloatThreads = 256;
/** k of a tile. */
constexpr int kFloatDepth = 16;

/** What the left and the right operand have beyond the last k. */
constexpr float kLeftFill = 0.0f;
constexpr float kRightFill = -0.0f;

/** The place of a row or column in the row of a k. */
__device__ inline int PlaceInTile(int side, int k) { return side ^ (k / kQuad % 4 * 8); }

/** Rows along K. */
struct FloatRows {
  const char* data;
  /** Bytes from row to row. */
  int64_t row;
  ElementType type;
  numerics::Step step;
  /** Whether every fourth element lies at a multiple of the size of four. */
  bool quads;
  int32_t rows;
  int32_t depth;
};

/** Rows along the output's columns: [K, N]. */
struct FloatColumns {
  const char* data;
  int64_t row;
  ElementType type;
  numerics::Step step;
  bool quads;
  int32_t columns;
  int32_t depth;
};

/** Codes of packed weights (core/device_gemm.h), whose values are made while they are put to shared memory. */
struct FloatCodes {
  const int8_t* data;
  int64_t row;
  /** 8 or 4. */
  int bits;
  const float* scales;
  /** Null: all 0. */
  const int32_t* zero_points;
  int32_t rows;
  int32_t depth;
};

/** Writes four neighbouring k of a row of an operand. */
template <int kSide>
__device__ inline void PutAlongK(float* to, const float (&values)[kQuad]) {
#pragma unroll
  for (int i = 0; i < kQuad; ++i) to[i * kSide] = values[i];
}

/** skipped: bytes before the first row. Rows beyond the last one are the last one. */
template <int kSide, bool kLeft>
class FloatRowLoader {
 public:
  static constexpr int kPieces = kSide * kFloatDepth / kQuad / kFloatThreads;
  static constexpr int kRowsApart = kFloatThreads / (kFloatDepth / kQuad);

  __device__ FloatRowLoader(const FloatRows& source, int64_t first_row, int first_tile, int64_t skipped)
      : source_(source) {
    const int thread = static_cast<int>(threadIdx.x);
    const int own = thread / (kFloatDepth / kQuad);
    const int k = thread % (kFloatDepth / kQuad) * kQuad;
    to_ = k * kSide + PlaceInTile(own, k);
    left_ = source.depth - first_tile * kFloatDepth - k;
    const int64_t offset = static_cast<int64_t>(first_tile * kFloatDepth + k) * SizeOf(source.type);
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      const int64_t row = min(first_row + own + i * kRowsApart, static_cast<int64_t>(source.rows - 1));
      from_[i] = source.data + skipped + row * source.row + offset;
    }
  }

  __device__ void Fetch() {
    const bool whole = source_.quads && left_ >= kQuad;
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      words_[i] = whole ? FetchQuad(from_[i], source_.type)
                        : FetchElements(from_[i], source_.type, SizeOf(source_.type), left_);
      from_[i] += kFloatDepth * SizeOf(source_.type);
    }
    left_ -= kFloatDepth;
  }

  __device__ void Put(float* tile) const {
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      float values[kQuad];
      ValuesOf(words_[i], source_.type, source_.step, values);
      if (left_ + kFloatDepth < kQuad) {
#pragma unroll
        for (int j = 0; j < kQuad; ++j) {
          values[j] = j < left_ + kFloatDepth ? values[j] : kLeft ? kLeftFill : kRightFill;
        }
      }
      // Rows a multiple of 32 further on keep the pattern.
      PutAlongK<kSide>(tile + to_ + i * kRowsApart, values);
    }
  }

 private:
  const FloatRows& source_;
  const char* from_[kPieces];
  int to_;
  /** Elements from the thread's first one of the next tile to the end of a row. */
  int left_;
  uint4 words_[kPieces];
};

template <int kSide>
class FloatColumnLoader {
 public:
  static constexpr int kPieces = kSide * kFloatDepth / kQuad / kFloatThreads;
  static constexpr int kDepthApart = kFloatThreads / (kSide / kQuad);

  __device__ FloatColumnLoader(const FloatColumns& source, int64_t first_column, int first_tile, int64_t skipped)
      : source_(source) {
    const int thread = static_cast<int>(threadIdx.x);
    k_ = thread / (kSide / kQuad);
    column_ = thread % (kSide / kQuad) * kQuad;
    count_ = static_cast<int>(min(static_cast<int64_t>(kQuad), source.columns - first_column - column_));
    left_ = source.depth - first_tile * kFloatDepth - k_;
    from_ = source.data + skipped + static_cast<int64_t>(first_tile * kFloatDepth + k_) * source.row +
            (first_column + column_) * SizeOf(source.type);
  }

  __device__ void Fetch() {
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      words_[i] = {0, 0, 0, 0};
      if (i * kDepthApart < left_ && count_ > 0) {
        const char* from = from_ + i * kDepthApart * source_.row;
        words_[i] = source_.quads && count_ == kQuad ? FetchQuad(from, source_.type)
                                                     : FetchElements(from, source_.type, SizeOf(source_.type), count_);
      }
    }
    from_ += kFloatDepth * source_.row;
    left_ -= kFloatDepth;
  }

  __device__ void Put(float* tile) const {
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      float values[kQuad];
      ValuesOf(words_[i], source_.type, source_.step, values);
      const int k = k_ + i * kDepthApart;
      if (i * kDepthApart >= left_ + kFloatDepth) values[0] = values[1] = values[2] = values[3] = kRightFill;
      *reinterpret_cast<float4*>(tile + k * kSide + PlaceInTile(column_, k)) = {values[0], values[1], values[2],
                                                                                values[3]};
    }
  }

 private:
  const FloatColumns& source_;
  const char* from_;
  int k_;
  int column_;
  /** Columns of the thread's four that exist. */
  int count_;
  /** k from the thread's first one of the next tile to the end. */
  int left_;
  uint4 words_[kPieces];
};

/** Four codes of half bytes as bytes: those of the lower or the upper halves of a word. */
__device__ inline uint32_t BytesOfHalves(uint32_t word, bool upper) {
  const uint32_t halves = (upper ? word >> 4 : word) & 0x0f0f0f0fu;
  // The sign of each half becomes the upper half of its byte.
  return halves | ((halves & 0x08080808u) >> 3) * 0xf0u;
}

template <int kSide>
class FloatCodeLoader {
 public:
  static constexpr int kPieces = kSide * kFloatDepth / kQuad / kFloatThreads;
  static constexpr int kRowsApart = kFloatThreads / (kFloatDepth / kQuad);

  __device__ FloatCodeLoader(const FloatCodes& source, int64_t first_row, int first_tile, int64_t skipped)
      : source_(source), tile_(first_tile) {
    const int thread = static_cast<int>(threadIdx.x);
    const int own = thread / (kFloatDepth / kQuad);
    const int k = thread % (kFloatDepth / kQuad) * kQuad;
    to_ = k * kSide + PlaceInTile(own, k);
    there_ = source.depth - k;
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      const int64_t row = min(first_row + own + i * kRowsApart, static_cast<int64_t>(source.rows - 1));
      from_[i] = source.data + skipped + row * source.row + k;
      steps_[i] = {__ldg(source.scales + row),
                   source.zero_points == nullptr ? 0.0f : static_cast<float>(__ldg(source.zero_points + row))};
    }
  }

  __device__ void Fetch() {
    // Half bytes: 32 k in 16 bytes, the second 16 of them in the upper halves.
    const int offset = source_.bits == 8 ? tile_ * kFloatDepth : tile_ / 2 * kFloatDepth;
#pragma unroll
    for (int i = 0; i < kPieces; ++i) words_[i] = __ldg(reinterpret_cast<const uint32_t*>(from_[i] + offset));
    ++tile_;
  }

  __device__ void Put(float* tile) const {
    const int fetched = tile_ - 1;
    const int there = there_ - fetched * kFloatDepth;
#pragma unroll
    for (int i = 0; i < kPieces; ++i) {
      float values[kQuad];
      const uint32_t codes = source_.bits == 8 ? words_[i] : BytesOfHalves(words_[i], fetched % 2 != 0);
      ValuesOfCodes<true>(codes, steps_[i], values);
      if (there < kQuad) {
#pragma unroll
        for (int j = 0; j < kQuad; ++j) values[j] = j < there ? values[j] : kRightFill;
      }
      PutAlongK<kSide>(tile + to_ + i * kRowsApart, values);
    }
  }

 private:
  const FloatCodes& source_;
  const int8_t* from_[kPieces];
  numerics::Step steps_[kPieces];
  int to_;
  /** Codes from the thread's first one of all to the end of a row. */
  int there_;
  /** The tile to be fetched next. */
  int tile_;
  uint32_t words_[kPieces];
};

/** The loader of a source, as left or right operand. */
template <typename Source, int kSide, bool kLeft>
struct FloatLoaderOf;
template <int kSide, bool kLeft>
struct FloatLoaderOf<FloatRows, kSide, kLeft> {
  using Type = FloatRowLoader<kSide, kLeft>;
};
template <int kSide>
struct FloatLoaderOf<FloatColumns, kSide, false> {
  using Type = FloatColumnLoader<kSide>;
};
template <int kSide>
struct FloatLoaderOf<FloatCodes, kSide, false> {
  using Type = FloatCodeLoader<kSide>;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_SOURCES_H_
