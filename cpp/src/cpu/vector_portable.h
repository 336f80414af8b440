// SPDX-License-Identifier: Apache-2.0
// Sixteen lanes in plain C++, one IEEE operation after the other: the reference that the other instruction sets equal
// bit for bit, and what runs where there is none of them. See vector_kernels.h for what each function means.
#ifndef OCTET_CPU_VECTOR_PORTABLE_H_
#define OCTET_CPU_VECTOR_PORTABLE_H_

#include <cstdint>
#include <cstring>

#include "numerics/half.h"
#include "numerics/one_lane.h"

namespace octet {
namespace cpu {

struct Portable {
  static constexpr int kLaneCount = 16;
  static constexpr bool kHasFma = false;

  struct Floats {
    float lane[kLaneCount];
  };
  struct Mask {
    bool lane[kLaneCount];
  };
  struct Integers {
    int32_t lane[kLaneCount];
  };

  static Floats Set(float value) {
    return Make([value](int) { return value; });
  }
  static Floats Load(const float* from) { return LoadAs<float>(from); }
  static void Store(float* to, const Floats& a) { StoreF32(to, a); }

  static Floats LoadF32(const void* from) { return LoadAs<float>(from); }
  static Floats LoadF16(const void* from) { return LoadAs<Float16>(from); }
  static Floats LoadBF16(const void* from) { return LoadAs<BFloat16>(from); }
  static Floats LoadS8(const void* from) { return LoadAs<int8_t>(from); }
  static Floats LoadU8(const void* from) { return LoadAs<uint8_t>(from); }
  static Floats LoadS32(const void* from) { return LoadAs<int32_t>(from); }

  static void StoreF32(void* to, const Floats& a) { std::memcpy(to, a.lane, sizeof(a.lane)); }
  static void StoreF16(void* to, const Floats& a) { StoreAs<Float16>(to, a); }
  static void StoreBF16(void* to, const Floats& a) { StoreAs<BFloat16>(to, a); }
  static void StoreS8(void* to, const Floats& a) { StoreIntegersS8(to, Truncate(a)); }
  static void StoreU8(void* to, const Floats& a) { StoreIntegersU8(to, Truncate(a)); }
  static void StoreS32(void* to, const Floats& a) { StoreIntegersS32(to, Truncate(a)); }

  // There are no stores around the caches in plain C++.
  static void StreamF32(void* to, const Floats& a) { StoreF32(to, a); }
  static void StreamF16(void* to, const Floats& a) { StoreF16(to, a); }
  static void StreamBF16(void* to, const Floats& a) { StoreBF16(to, a); }
  static void EndStreaming() {}

#define OCTET_PORTABLE_UNARY(Name)                            \
  static Floats Name(const Floats& a) {                       \
    return Make([&](int i) { return One::Name(a.lane[i]); }); \
  }
#define OCTET_PORTABLE_BINARY(Name)                                      \
  static Floats Name(const Floats& a, const Floats& b) {                 \
    return Make([&](int i) { return One::Name(a.lane[i], b.lane[i]); }); \
  }
#define OCTET_PORTABLE_TERNARY(Name)                                                \
  static Floats Name(const Floats& a, const Floats& b, const Floats& c) {           \
    return Make([&](int i) { return One::Name(a.lane[i], b.lane[i], c.lane[i]); }); \
  }
  OCTET_PORTABLE_UNARY(Round)
  OCTET_PORTABLE_UNARY(Abs)
  OCTET_PORTABLE_UNARY(ShiftedPowerOfTwo)
  OCTET_PORTABLE_UNARY(Sqrt)
  OCTET_PORTABLE_UNARY(Exponent)
  OCTET_PORTABLE_UNARY(Mantissa)
  OCTET_PORTABLE_BINARY(Add)
  OCTET_PORTABLE_BINARY(Sub)
  OCTET_PORTABLE_BINARY(Mul)
  OCTET_PORTABLE_BINARY(Div)
  OCTET_PORTABLE_BINARY(Min)
  OCTET_PORTABLE_BINARY(Max)
  OCTET_PORTABLE_BINARY(CopySign)
  OCTET_PORTABLE_TERNARY(Fma)
  OCTET_PORTABLE_TERNARY(FmaMinus)
#undef OCTET_PORTABLE_UNARY
#undef OCTET_PORTABLE_BINARY
#undef OCTET_PORTABLE_TERNARY

  static Integers SetInteger(int32_t value) {
    return MakeIntegers([value](int) { return value; });
  }
  static Integers LoadIntegers(const int32_t* from) {
    return MakeIntegers([from](int i) { return from[i]; });
  }
  // Through unsigned numbers, which wrap around.
  static Integers Sub(const Integers& a, const Integers& b) {
    return MakeIntegers([&](int i) {
      return static_cast<int32_t>(static_cast<uint32_t>(a.lane[i]) - static_cast<uint32_t>(b.lane[i]));
    });
  }
  static Integers Mul(const Integers& a, const Integers& b) {
    return MakeIntegers([&](int i) {
      return static_cast<int32_t>(static_cast<uint32_t>(a.lane[i]) * static_cast<uint32_t>(b.lane[i]));
    });
  }
  static Floats ToFloats(const Integers& a) {
    return Make([&](int i) { return static_cast<float>(a.lane[i]); });
  }
  static Integers Truncate(const Floats& a) {
    return MakeIntegers([&](int i) { return static_cast<int32_t>(a.lane[i]); });
  }
  static void StoreIntegersS8(void* to, const Integers& a) { StoreIntegersAs<int8_t>(to, a); }
  static void StoreIntegersU8(void* to, const Integers& a) { StoreIntegersAs<uint8_t>(to, a); }
  static void StoreIntegersS32(void* to, const Integers& a) { StoreIntegersAs<int32_t>(to, a); }

  struct Bytes {
    uint8_t lane[kLaneCount];
  };
  static Bytes SetBytes(int value) {
    return MakeBytes([value](int) { return static_cast<uint8_t>(value); });
  }
  static Bytes LoadBytes(const void* from) {
    Bytes result;
    std::memcpy(result.lane, from, sizeof(result.lane));
    return result;
  }
  static void StoreBytes(void* to, const Bytes& a) { std::memcpy(to, a.lane, sizeof(a.lane)); }
  static Bytes MaxS8(const Bytes& a, const Bytes& b) {
    return MakeBytes(
        [&](int i) { return static_cast<int8_t>(a.lane[i]) > static_cast<int8_t>(b.lane[i]) ? a.lane[i] : b.lane[i]; });
  }
  static Bytes MaxU8(const Bytes& a, const Bytes& b) {
    return MakeBytes([&](int i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }

  static Mask LessEqual(const Floats& a, const Floats& b) {
    return MakeMask([&](int i) { return a.lane[i] <= b.lane[i]; });
  }
  static Mask Equal(const Floats& a, const Floats& b) {
    return MakeMask([&](int i) { return a.lane[i] == b.lane[i]; });
  }
  static Mask ZeroBytes(const void* from) {
    const Bytes bytes = LoadBytes(from);
    return MakeMask([&](int i) { return bytes.lane[i] == 0; });
  }
  static Mask IsNan(const Floats& a) {
    return MakeMask([&](int i) { return numerics::IsNan(a.lane[i]); });
  }
  static Mask FirstLanes(int64_t count) {
    return MakeMask([count](int i) { return i < count; });
  }
  static Mask None() {
    return MakeMask([](int) { return false; });
  }
  static Mask And(const Mask& a, const Mask& b) {
    return MakeMask([&](int i) { return a.lane[i] && b.lane[i]; });
  }
  static Mask Or(const Mask& a, const Mask& b) {
    return MakeMask([&](int i) { return a.lane[i] || b.lane[i]; });
  }
  static bool Any(const Mask& a) {
    for (bool lane : a.lane) {
      if (lane) return true;
    }
    return false;
  }
  static Floats Select(const Mask& mask, const Floats& yes, const Floats& no) {
    return Make([&](int i) { return mask.lane[i] ? yes.lane[i] : no.lane[i]; });
  }
  static Integers Select(const Mask& mask, const Integers& yes, const Integers& no) {
    return MakeIntegers([&](int i) { return mask.lane[i] ? yes.lane[i] : no.lane[i]; });
  }

  static float GreatestLane(const Floats& a) {
    float greatest = a.lane[0];
    for (float lane : a.lane) greatest = lane > greatest ? lane : greatest;
    return greatest;
  }
  static float SumInHalves(Floats a) {
    for (int width = kLaneCount / 2; width > 0; width /= 2) {
      for (int i = 0; i < width; ++i) a.lane[i] = a.lane[i] + a.lane[i + width];
    }
    return a.lane[0];
  }

 private:
  using One = numerics::OneLane;

  template <typename Lane>
  static Floats Make(const Lane& lane) {
    Floats result;
    for (int i = 0; i < kLaneCount; ++i) result.lane[i] = lane(i);
    return result;
  }
  template <typename Lane>
  static Integers MakeIntegers(const Lane& lane) {
    Integers result;
    for (int i = 0; i < kLaneCount; ++i) result.lane[i] = lane(i);
    return result;
  }
  template <typename Lane>
  static Bytes MakeBytes(const Lane& lane) {
    Bytes result;
    for (int i = 0; i < kLaneCount; ++i) result.lane[i] = lane(i);
    return result;
  }
  template <typename Lane>
  static Mask MakeMask(const Lane& lane) {
    Mask result;
    for (int i = 0; i < kLaneCount; ++i) result.lane[i] = lane(i);
    return result;
  }

  static float ToFloat(float value) { return value; }
  static float ToFloat(Float16 value) { return numerics::Widen(value); }
  static float ToFloat(BFloat16 value) { return numerics::Widen(value); }
  static float ToFloat(int32_t value) { return static_cast<float>(value); }
  static void FromFloat(float value, Float16* to) { numerics::Narrow(value, to); }
  static void FromFloat(float value, BFloat16* to) { numerics::Narrow(value, to); }
  template <typename T>
  static Floats LoadAs(const void* from) {
    T elements[kLaneCount];
    std::memcpy(elements, from, sizeof(elements));
    return Make([&](int i) { return ToFloat(elements[i]); });
  }
  template <typename T>
  static void StoreAs(void* to, const Floats& a) {
    T elements[kLaneCount];
    for (int i = 0; i < kLaneCount; ++i) FromFloat(a.lane[i], &elements[i]);
    std::memcpy(to, elements, sizeof(elements));
  }
  template <typename T>
  static void StoreIntegersAs(void* to, const Integers& a) {
    T elements[kLaneCount];
    for (int i = 0; i < kLaneCount; ++i) elements[i] = static_cast<T>(a.lane[i]);
    std::memcpy(to, elements, sizeof(elements));
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_PORTABLE_H_
