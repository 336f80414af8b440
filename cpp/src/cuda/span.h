// SPDX-License-Identifier: Apache-2.0
// Neighbouring elements of any type, as f32 values, in pieces: moved at once where they lie at a boundary, else one by
// one.
#ifndef OCTET_CUDA_SPAN_H_
#define OCTET_CUDA_SPAN_H_

#include "cuda/values.h"

namespace octet {
namespace cuda {

/** The first `count` of kElements elements; the others are 0. */
template <typename T, int kElements>
__device__ void LoadSpan(const char* from, int count, T (&values)[kElements]) {
  using Elements = Pack<T, kElements>;
  if (count >= kElements && reinterpret_cast<uintptr_t>(from) % Elements::kPiece == 0) {
    Elements pack;
#pragma unroll
    for (int p = 0; p < Elements::kBytes / Elements::kPiece; ++p) {
      pack.words[p] = reinterpret_cast<const typename Elements::Word*>(from)[p];
    }
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = pack.elements[i];
    return;
  }
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = i < count ? reinterpret_cast<const T*>(from)[i] : T{};
}

/** One value. Not inlined: for what lies at no boundary, where code is many times what it is for. */
__device__ __noinline__ inline float LoadOne(const char* from, ElementType type, float scale, float zero_point) {
  switch (type) {
    case ElementType::kF16:
      return numerics::Widen(*reinterpret_cast<const Float16*>(from));
    case ElementType::kBF16:
      return numerics::Widen(*reinterpret_cast<const BFloat16*>(from));
    case ElementType::kS8:
      return numerics::ValueOfCode(static_cast<float>(*reinterpret_cast<const int8_t*>(from)), {scale, zero_point});
    case ElementType::kU8:
      return numerics::ValueOfCode(static_cast<float>(*reinterpret_cast<const uint8_t*>(from)), {scale, zero_point});
    default:
      return *reinterpret_cast<const float*>(from);
  }
}

__device__ __noinline__ inline void StoreOne(char* to, ElementType type, float scale, float zero_point, float int_min,
                                             float int_max, float value) {
  if (type == ElementType::kF16) {
    numerics::Narrow(value, reinterpret_cast<Float16*>(to));
  } else if (type == ElementType::kBF16) {
    numerics::Narrow(value, reinterpret_cast<BFloat16*>(to));
  } else if (type == ElementType::kF32) {
    *reinterpret_cast<float*>(to) = value;
  } else {
    const float code = numerics::Code(value, {scale, zero_point}, {int_min, int_max});
    *to = static_cast<char>(numerics::IntegerCode(code, zero_point));
  }
}

/** A stored element as its value. */
template <typename T>
__device__ float ValueOf(T stored, const numerics::Step&) {
  return numerics::Widen(stored);
}
__device__ inline float ValueOf(int8_t stored, const numerics::Step& step) {
  return numerics::ValueOfCode(static_cast<float>(stored), step);
}
__device__ inline float ValueOf(uint8_t stored, const numerics::Step& step) {
  return numerics::ValueOfCode(static_cast<float>(stored), step);
}

template <typename T>
__device__ T StoredOf(float value, const Coding& coding) {
  if constexpr (sizeof(T) == 1) {
    const float code = numerics::Code(value, coding.step, coding.limits);
    return static_cast<T>(numerics::IntegerCode(code, coding.step.zero_point));
  } else {
    T stored;
    numerics::Narrow(value, &stored);
    return stored;
  }
}

/**
 * kPieces pieces of kElements neighbours each, kDistance elements from piece to piece. Of each piece all elements or
 * none are there: those before `limit`. All loads come before the first value is used.
 */
template <typename T, int kDistance, int kPieces, int kElements>
__device__ void LoadPiecesOf(const char* row, int64_t first, int64_t limit, const Coding& coding,
                             float (&values)[kPieces][kElements]) {
  using Elements = Pack<T, kElements>;
  constexpr int kWords = Elements::kBytes / Elements::kPiece;
  Elements packs[kPieces];
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
#pragma unroll
    for (int w = 0; w < kWords; ++w) packs[k].words[w] = {};
    if (first + k * kDistance < limit) {
      const char* from = row + (first + k * kDistance) * static_cast<int64_t>(sizeof(T));
#pragma unroll
      for (int w = 0; w < kWords; ++w) {
        packs[k].words[w] = reinterpret_cast<const typename Elements::Word*>(from)[w];
      }
    }
  }
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[k][i] = ValueOf(packs[k].elements[i], coding.step);
  }
}

template <typename T, int kDistance, int kPieces, int kElements>
__device__ void StorePiecesOf(char* row, int64_t first, int64_t limit, const Coding& coding,
                              const float (&values)[kPieces][kElements]) {
  using Elements = Pack<T, kElements>;
  constexpr int kWords = Elements::kBytes / Elements::kPiece;
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
    if (first + k * kDistance >= limit) continue;
    Elements pack;
#pragma unroll
    for (int i = 0; i < kElements; ++i) pack.elements[i] = StoredOf<T>(values[k][i], coding);
    char* to = row + (first + k * kDistance) * static_cast<int64_t>(sizeof(T));
#pragma unroll
    for (int w = 0; w < kWords; ++w) reinterpret_cast<typename Elements::Word*>(to)[w] = pack.words[w];
  }
}

/** Whether pieces lie at boundaries of what can be moved at once, and none is cut by the limit. */
template <int kDistance, int kPieces, int kElements>
__device__ bool PiecesAreWhole(const char* row, int64_t first, int64_t limit, ElementType type) {
  const int64_t item = SizeOf(type);
  const int64_t piece = item * kElements < 16 ? item * kElements : 16;
  if ((reinterpret_cast<uintptr_t>(row) + static_cast<uintptr_t>(first * item)) % static_cast<uintptr_t>(piece) != 0) {
    return false;
  }
  bool whole = true;
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
    const int64_t rest = limit - (first + k * kDistance);
    whole = whole && (rest <= 0 || rest >= kElements);
  }
  return whole;
}

/** Values first + k * kDistance + i of a row, for k < kPieces and i < kElements; 0 from `limit` on. */
template <int kDistance, int kPieces, int kElements>
__device__ void LoadPieces(const char* row, int64_t first, int64_t limit, const Coding& coding,
                           float (&values)[kPieces][kElements]) {
  if (!PiecesAreWhole<kDistance, kPieces, kElements>(row, first, limit, coding.type)) {
#pragma unroll
    for (int k = 0; k < kPieces; ++k) {
#pragma unroll
      for (int i = 0; i < kElements; ++i) {
        const int64_t at = first + k * kDistance + i;
        values[k][i] =
            at < limit ? LoadOne(row + at * SizeOf(coding.type), coding.type, coding.step.scale, coding.step.zero_point)
                       : 0.0f;
      }
    }
    return;
  }
  switch (coding.type) {
    case ElementType::kF16:
      return LoadPiecesOf<Float16, kDistance>(row, first, limit, coding, values);
    case ElementType::kBF16:
      return LoadPiecesOf<BFloat16, kDistance>(row, first, limit, coding, values);
    case ElementType::kS8:
      return LoadPiecesOf<int8_t, kDistance>(row, first, limit, coding, values);
    case ElementType::kU8:
      return LoadPiecesOf<uint8_t, kDistance>(row, first, limit, coding, values);
    default:
      return LoadPiecesOf<float, kDistance>(row, first, limit, coding, values);
  }
}

template <int kDistance, int kPieces, int kElements>
__device__ void StorePieces(char* row, int64_t first, int64_t limit, const Coding& coding,
                            const float (&values)[kPieces][kElements]) {
  if (!PiecesAreWhole<kDistance, kPieces, kElements>(row, first, limit, coding.type)) {
#pragma unroll
    for (int k = 0; k < kPieces; ++k) {
#pragma unroll
      for (int i = 0; i < kElements; ++i) {
        const int64_t at = first + k * kDistance + i;
        if (at < limit) {
          StoreOne(row + at * SizeOf(coding.type), coding.type, coding.step.scale, coding.step.zero_point,
                   coding.limits.int_min, coding.limits.int_max, values[k][i]);
        }
      }
    }
    return;
  }
  switch (coding.type) {
    case ElementType::kF16:
      return StorePiecesOf<Float16, kDistance>(row, first, limit, coding, values);
    case ElementType::kBF16:
      return StorePiecesOf<BFloat16, kDistance>(row, first, limit, coding, values);
    case ElementType::kS8:
      return StorePiecesOf<int8_t, kDistance>(row, first, limit, coding, values);
    case ElementType::kU8:
      return StorePiecesOf<uint8_t, kDistance>(row, first, limit, coding, values);
    default:
      return StorePiecesOf<float, kDistance>(row, first, limit, coding, values);
  }
}

/** Values of a row from number `first` on, of which `count` are there. */
template <int kElements>
__device__ void LoadRow(const char* row, int64_t first, int count, const Coding& coding, float (&values)[kElements]) {
  LoadPieces<kElements>(row, first, first + count, coding, reinterpret_cast<float(&)[1][kElements]>(values));
}

template <int kElements>
__device__ void StoreRow(char* row, int64_t first, int count, const Coding& coding, const float (&values)[kElements]) {
  StorePieces<kElements>(row, first, first + count, coding, reinterpret_cast<const float(&)[1][kElements]>(values));
}

/** The value that is read where `value` has been stored. */
__device__ inline float RoundTrip(float value, const Coding& coding) {
  if (coding.type == ElementType::kF32) return value;
  if (coding.type == ElementType::kF16) {
    Float16 stored;
    numerics::Narrow(value, &stored);
    return numerics::Widen(stored);
  }
  if (coding.type == ElementType::kBF16) {
    BFloat16 stored;
    numerics::Narrow(value, &stored);
    return numerics::Widen(stored);
  }
  const float code = numerics::Code(value, coding.step, coding.limits);
  return numerics::ValueOfCode(static_cast<float>(numerics::IntegerCode(code, coding.step.zero_point)), coding.step);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_SPAN_H_
