// SPDX-License-Identifier: Apache-2.0
// Neighbouring elements of any type, as f32 values, in pieces: moved at once where they lie at a boundary, else one by
// one.
#ifndef OCTET_CUDA_SPAN_H_
#define OCTET_CUDA_SPAN_H_

#include "cuda/bits.h"
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

/**
 * Whether pieces lie at boundaries of what can be moved at once, and none is cut by the limit: kPieces of kElements
 * neighbours each, kDistance elements from piece to piece.
 */
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

/** The part of a row that a thread has pieces of. */
template <int kDistance, int kPieces, int kElements>
struct Stretch {
  /** Of element 0 of piece 0. */
  uintptr_t start;
  /** Elements from the first one to the limit, as far as there are pieces; perhaps below 0. */
  int rest;
  /** Whether pieces can be moved at once. */
  bool whole;

  __device__ Stretch(const char* row, int64_t first, int64_t limit, ElementType type)
      : start(reinterpret_cast<uintptr_t>(row) + static_cast<uintptr_t>(first * SizeOf(type))),
        rest(static_cast<int>(min(limit - first, static_cast<int64_t>((kPieces - 1) * kDistance + kElements)))),
        whole(kElements == 1 || PiecesAreWhole<kDistance, kPieces, kElements>(row, first, limit, type)) {}

  __device__ bool Has(int k, int i) const { return k * kDistance + i < rest; }
  /** The address of an element of some size. */
  __device__ uintptr_t At(int k, int i, int size) const {
    return start + static_cast<uintptr_t>((k * kDistance + i) * size);
  }
};

/**
 * Elements as the bits they are stored as; 0 from the limit on. Place: a Stretch, or what has its members. Where pieces
 * are not whole, elements are moved one by one, without a call: a function for single elements is less code, but each
 * call waits for what it loads.
 */
template <typename Bits, typename Place, int kPieces, int kElements>
__device__ void LoadBits(const Place& place, Pack<Bits, kElements> (&packs)[kPieces]) {
  using Elements = Pack<Bits, kElements>;
  constexpr int kSize = static_cast<int>(sizeof(Bits));
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
#pragma unroll
    for (int w = 0; w < Elements::kBytes / Elements::kPiece; ++w) {
      packs[k].words[w] = {};
      if (place.whole && place.Has(k, 0)) {
        packs[k].words[w] = reinterpret_cast<const typename Elements::Word*>(place.At(k, 0, kSize))[w];
      }
    }
  }
  if (place.whole) return;
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      if (place.Has(k, i)) packs[k].elements[i] = *reinterpret_cast<const Bits*>(place.At(k, i, kSize));
    }
  }
}

/** Stores the pieces that pack_of(values of a piece) makes of values. */
template <typename Bits, typename Place, int kPieces, int kElements, typename PackOf>
__device__ void StorePacks(const Place& place, const float (&values)[kPieces][kElements], const PackOf& pack_of) {
  using Elements = Pack<Bits, kElements>;
  constexpr int kSize = static_cast<int>(sizeof(Bits));
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
    if (!place.Has(k, 0)) continue;
    const Elements pack = pack_of(values[k]);
    if (place.whole) {
#pragma unroll
      for (int w = 0; w < Elements::kBytes / Elements::kPiece; ++w) {
        StoreWhole(reinterpret_cast<char*>(place.At(k, 0, kSize)) + w * Elements::kPiece, pack.words[w]);
      }
      continue;
    }
#pragma unroll
    for (int i = 0; i < kElements; ++i) {
      if (place.Has(k, i)) *reinterpret_cast<Bits*>(place.At(k, i, kSize)) = pack.elements[i];
    }
  }
}

/** Stores the elements that bits_of(value) makes of values. */
template <typename Bits, typename Place, int kPieces, int kElements, typename BitsOf>
__device__ void StoreBits(const Place& place, const float (&values)[kPieces][kElements], const BitsOf& bits_of) {
  StorePacks<Bits>(place, values, [&](const float(&piece)[kElements]) {
    Pack<Bits, kElements> pack;
#pragma unroll
    for (int i = 0; i < kElements; ++i) pack.elements[i] = static_cast<Bits>(bits_of(piece[i]));
    return pack;
  });
}

/** Calls body(value, bits) for each value and its element. */
template <typename Bits, int kPieces, int kElements, typename Body>
__device__ void ForEachElement(const Pack<Bits, kElements> (&packs)[kPieces], float (&values)[kPieces][kElements],
                               const Body& body) {
#pragma unroll
  for (int k = 0; k < kPieces; ++k) {
#pragma unroll
    for (int i = 0; i < kElements; ++i) body(values[k][i], packs[k].elements[i]);
  }
}

/**
 * Values of elements; those that the place does not have are those of 0. All loads come before the first value is
 * used. Types of one size are loaded by the same code.
 */
template <typename Place, int kPieces, int kElements>
__device__ void LoadFrom(const Place& place, const Coding& coding, float (&values)[kPieces][kElements]) {
  if (coding.type == ElementType::kF32) {
    Pack<float, kElements> packs[kPieces];
    LoadBits(place, packs);
    ForEachElement(packs, values, [](float& value, float element) { value = element; });
  } else if (SizeOf(coding.type) == 2) {
    Pack<uint16_t, kElements> packs[kPieces];
    LoadBits(place, packs);
    if (coding.type == ElementType::kF16) {
      ForEachElement(packs, values, [](float& value, uint16_t bits) { value = numerics::Widen(Float16{bits}); });
    } else {
      ForEachElement(packs, values, [](float& value, uint16_t bits) { value = numerics::Widen(BFloat16{bits}); });
    }
  } else {
    Pack<uint8_t, kElements> packs[kPieces];
    LoadBits(place, packs);
#pragma unroll
    for (int k = 0; k < kPieces; ++k) {
      FloatsOfBytes(packs[k].registers, coding.type == ElementType::kS8, coding.step.zero_point, values[k]);
#pragma unroll
      for (int i = 0; i < kElements; ++i) values[k][i] = coding.step.scale * values[k][i];
    }
  }
}

template <typename Place, int kPieces, int kElements>
__device__ void StoreTo(const Place& place, const Coding& coding, const float (&values)[kPieces][kElements]) {
  switch (coding.type) {
    case ElementType::kF16:
      return StoreBits<uint16_t>(place, values, [](float value) { return HalfBits(value); });
    case ElementType::kBF16:
      return StoreBits<uint16_t>(place, values, [](float value) { return BrainBits(value); });
    case ElementType::kS8:
    case ElementType::kU8:
      if (coding.quick.fits) {
        return StorePacks<uint8_t>(place, values,
                                   [&](const float(&piece)[kElements]) { return QuickPack(piece, coding.quick); });
      }
      return StoreBits<uint8_t>(place, values,
                                [&](float value) { return CodeBits(value, coding.step, coding.limits); });
    default:
      return StoreBits<uint32_t>(place, values, [](float value) { return __float_as_uint(value); });
  }
}

/** Values first + k * kDistance + i of a row, for k < kPieces and i < kElements and up to `limit`. */
template <int kDistance, int kPieces, int kElements>
__device__ void LoadPieces(const char* row, int64_t first, int64_t limit, const Coding& coding,
                           float (&values)[kPieces][kElements]) {
  LoadFrom(Stretch<kDistance, kPieces, kElements>(row, first, limit, coding.type), coding, values);
}

template <int kDistance, int kPieces, int kElements>
__device__ void StorePieces(char* row, int64_t first, int64_t limit, const Coding& coding,
                            const float (&values)[kPieces][kElements]) {
  StoreTo(Stretch<kDistance, kPieces, kElements>(row, first, limit, coding.type), coding, values);
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
  return numerics::ValueOfCode(numerics::IsNan(code) ? coding.step.zero_point : code, coding.step);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_SPAN_H_
