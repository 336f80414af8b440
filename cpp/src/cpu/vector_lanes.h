// SPDX-License-Identifier: Apache-2.0
// Vectors of sixteen lanes, for kernels that are written once. V is an instruction set (vector_avx2.h,
// vector_avx512.h, vector_portable.h):
//
//   Floats, Mask, Integers   sixteen floats; sixteen truth values; sixteen s32 (their arithmetic wraps around)
//   Bytes                    sixteen bytes, whose sign the function says
//   Load*, Store*            unaligned, widening to and narrowing from f32; integers are truncated and must fit
//   Stream*                  aligned, around the caches; others see them after EndStreaming()
//   Min(a, b), Max(a, b)     b if either is NaN or they are equal
//   Exponent, Mantissa       k and 1 <= m < 2 of a = m * 2^k, normal positive; any number of what else there is
//   Fma, FmaMinus(a, b, c)   a * b + c and c - a * b, rounded once
//   Round                    to the nearest whole number, ties to even
//   ShiftedPowerOfTwo        2^k of numerics::kExponentShift + k, -126 <= k <= 127, any number of what else there is
//   Select(mask, yes, no)    of Floats or Integers
//   Truncate                 Floats that are whole numbers of s32, as Integers
//   Bits                     Floats as they lie in memory, as Integers
//   kHasFma                  whether Fma is an instruction
//   SumInHalves              lanes l and l + 8, then l and l + 4, ...
//   GreatestLane             of lanes without NaN
//
// Every function here is a template on V, so that no code for one instruction set can be linked in for another.
#ifndef OCTET_CPU_VECTOR_LANES_H_
#define OCTET_CPU_VECTOR_LANES_H_

#include <cstdint>

#include "numerics/half.h"

namespace octet {
namespace cpu {

constexpr int64_t kWidth = 16;

/** Loads and stores of one element type. */
template <typename V, typename T>
struct Memory;

template <typename V>
struct Memory<V, float> {
  static typename V::Floats Load(const void* from) { return V::LoadF32(from); }
  static void Store(void* to, typename V::Floats a) { V::StoreF32(to, a); }
  static void Stream(void* to, typename V::Floats a) { V::StreamF32(to, a); }
};

template <typename V>
struct Memory<V, Float16> {
  static typename V::Floats Load(const void* from) { return V::LoadF16(from); }
  static void Store(void* to, typename V::Floats a) { V::StoreF16(to, a); }
  static void Stream(void* to, typename V::Floats a) { V::StreamF16(to, a); }
};

template <typename V>
struct Memory<V, BFloat16> {
  static typename V::Floats Load(const void* from) { return V::LoadBF16(from); }
  static void Store(void* to, typename V::Floats a) { V::StoreBF16(to, a); }
  static void Stream(void* to, typename V::Floats a) { V::StreamBF16(to, a); }
};

template <typename V>
struct Memory<V, int8_t> {
  static typename V::Floats Load(const void* from) { return V::LoadS8(from); }
  static void Store(void* to, typename V::Floats a) { V::StoreS8(to, a); }
  static void StoreIntegers(void* to, typename V::Integers a) { V::StoreIntegersS8(to, a); }
};

template <typename V>
struct Memory<V, uint8_t> {
  static typename V::Floats Load(const void* from) { return V::LoadU8(from); }
  static void Store(void* to, typename V::Floats a) { V::StoreU8(to, a); }
  static void StoreIntegers(void* to, typename V::Integers a) { V::StoreIntegersU8(to, a); }
};

template <typename V>
struct Memory<V, int32_t> {
  static typename V::Floats Load(const void* from) { return V::LoadS32(from); }
  static void Store(void* to, typename V::Floats a) { V::StoreS32(to, a); }
  static void StoreIntegers(void* to, typename V::Integers a) { V::StoreIntegersS32(to, a); }
};

/** Sixteen elements from `first` on. */
template <typename V>
struct AllLanes {
  using Floats = typename V::Floats;
  int64_t first;

  template <typename T>
  Floats Load(const void* from) const {
    return Memory<V, T>::Load(static_cast<const char*>(from) + first * static_cast<int64_t>(sizeof(T)));
  }
  /** Which of the bytes are 0. */
  typename V::Mask ZeroBytes(const void* from) const { return V::ZeroBytes(static_cast<const char*>(from) + first); }
  template <typename T>
  void Store(void* to, Floats a) const {
    Memory<V, T>::Store(static_cast<char*>(to) + first * static_cast<int64_t>(sizeof(T)), a);
  }
  template <typename T>
  void StoreIntegers(void* to, typename V::Integers a) const {
    Memory<V, T>::StoreIntegers(static_cast<char*>(to) + first * static_cast<int64_t>(sizeof(T)), a);
  }
};

/** All of sixteen lanes, stored around the caches; the output must be aligned to the size of the store. */
template <typename V>
struct StreamedLanes : AllLanes<V> {
  template <typename T>
  void Store(void* to, typename V::Floats a) const {
    Memory<V, T>::Stream(static_cast<char*>(to) + this->first * static_cast<int64_t>(sizeof(T)), a);
  }
};

/** The first `count` of sixteen lanes; the others read zeros and are not stored. */
template <typename V>
struct FirstLanes {
  using Floats = typename V::Floats;
  int64_t first;
  int64_t count;

  template <typename T>
  Floats Load(const void* from) const {
    T elements[kWidth] = {};
    __builtin_memcpy(elements, static_cast<const char*>(from) + first * static_cast<int64_t>(sizeof(T)),
                     static_cast<size_t>(count) * sizeof(T));
    return Memory<V, T>::Load(elements);
  }
  typename V::Mask ZeroBytes(const void* from) const {
    char elements[kWidth] = {};
    __builtin_memcpy(elements, static_cast<const char*>(from) + first, static_cast<size_t>(count));
    return V::ZeroBytes(elements);
  }
  template <typename T>
  void Store(void* to, Floats a) const {
    T elements[kWidth];
    Memory<V, T>::Store(elements, a);
    CopyTo(to, elements);
  }
  template <typename T>
  void StoreIntegers(void* to, typename V::Integers a) const {
    T elements[kWidth];
    Memory<V, T>::StoreIntegers(elements, a);
    CopyTo(to, elements);
  }

 private:
  template <typename T>
  void CopyTo(void* to, const T* elements) const {
    __builtin_memcpy(static_cast<char*>(to) + first * static_cast<int64_t>(sizeof(T)), elements,
                     static_cast<size_t>(count) * sizeof(T));
  }
};

/**
 * Calls body with the lanes of every vector of a row. Always inlined: GCC 12 otherwise passes bodies with two uses by
 * address, and loads what they captured anew for every vector.
 */
template <typename V, typename Body>
__attribute__((always_inline)) inline void ForEachVector(int64_t count, const Body& body) {
  int64_t i = 0;
  for (; i + kWidth <= count; i += kWidth) body(AllLanes<V>{i});
  if (i < count) body(FirstLanes<V>{i, count - i});
}

/** As above, with the stores to `out`, whose elements are of type T, around the caches. */
template <typename V, typename T, typename Body>
void ForEachVectorStreaming(int64_t count, const void* out, const Body& body) {
  constexpr uintptr_t kBytes = kWidth * sizeof(T);
  const uintptr_t ahead = (kBytes - reinterpret_cast<uintptr_t>(out) % kBytes) % kBytes;
  int64_t i = static_cast<int64_t>(ahead / sizeof(T));
  if (ahead % sizeof(T) != 0 || i > count) {
    ForEachVector<V>(count, body);
    return;
  }
  if (i > 0) body(FirstLanes<V>{0, i});
  for (; i + kWidth <= count; i += kWidth) body(StreamedLanes<V>{{i}});
  if (i < count) body(FirstLanes<V>{i, count - i});
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_LANES_H_
