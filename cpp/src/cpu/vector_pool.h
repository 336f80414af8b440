// SPDX-License-Identifier: Apache-2.0
// Windows of channels that lie side by side, over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_POOL_H_
#define OCTET_CPU_VECTOR_POOL_H_

#include <cstdint>

#include "cpu/row_kernels.h"
#include "cpu/vector_kernels.h"
#include "numerics/portable.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorPool {
  using Floats = typename V::Floats;
  using Bytes = typename V::Bytes;

  /** Calls body(tap) for all taps, row by row. */
  template <typename Body>
  __attribute__((always_inline)) static inline void ForEachTap(const PoolWindow& window, const Body& body) {
    for (int64_t r = 0; r < window.rows; ++r) {
      const char* tap = window.first + r * window.row_stride;
      for (int64_t c = 0; c < window.columns; ++c, tap += window.column_stride) body(tap);
    }
  }

  template <typename T>
  static void MaxFloats(const PoolWindow& window, int64_t channels, void* out) {
    ForEachVector<V>(channels, [&](auto lanes) {
      Floats greatest = V::Set(-numerics::Infinity());
      // The first of equal ones; a NaN is never left again.
      ForEachTap(window, [&](const char* tap) {
        const Floats value = lanes.template Load<T>(tap);
        greatest = V::Select(V::IsNan(value), value, V::Max(value, greatest));
      });
      lanes.template Store<T>(out, greatest);
    });
  }

  template <bool kSigned>
  static Bytes Greater(const Bytes& a, const Bytes& b) {
    return kSigned ? V::MaxS8(a, b) : V::MaxU8(a, b);
  }

  /** Vectors of bytes, four side by side where there are enough channels: their loads do not wait for each other. */
  template <bool kSigned>
  static void MaxCodes(const PoolWindow& window, int64_t channels, void* out) {
    constexpr int kVectors = 4;
    char* const to = static_cast<char*>(out);
    const Bytes least = V::SetBytes(kSigned ? INT8_MIN : 0);
    int64_t i = 0;
    for (; i + kVectors * kWidth <= channels; i += kVectors * kWidth) {
      Bytes greatest[kVectors] = {least, least, least, least};
      ForEachTap(window, [&](const char* tap) {
        for (int v = 0; v < kVectors; ++v) {
          greatest[v] = Greater<kSigned>(V::LoadBytes(tap + i + v * kWidth), greatest[v]);
        }
      });
      for (int v = 0; v < kVectors; ++v) V::StoreBytes(to + i + v * kWidth, greatest[v]);
    }
    for (; i < channels; i += kWidth) {
      Bytes greatest = least;
      const int64_t count = channels - i;
      if (count >= kWidth) {
        ForEachTap(window, [&](const char* tap) { greatest = Greater<kSigned>(V::LoadBytes(tap + i), greatest); });
        V::StoreBytes(to + i, greatest);
        continue;
      }
      char bytes[kWidth] = {};
      ForEachTap(window, [&](const char* tap) {
        __builtin_memcpy(bytes, tap + i, static_cast<size_t>(count));
        greatest = Greater<kSigned>(V::LoadBytes(bytes), greatest);
      });
      V::StoreBytes(bytes, greatest);
      __builtin_memcpy(to + i, bytes, static_cast<size_t>(count));
    }
  }

  template <typename T>
  static void Sum(const PoolWindow& window, int64_t channels, float* sums) {
    ForEachVector<V>(channels, [&](auto lanes) {
      Floats total = V::Set(0.0f);
      for (int64_t r = 0; r < window.rows; ++r) {
        const char* tap = window.first + r * window.row_stride;
        Floats row = V::Set(0.0f);
        for (int64_t c = 0; c < window.columns; ++c, tap += window.column_stride) {
          row = V::Add(row, lanes.template Load<T>(tap));
        }
        total = V::Add(total, row);
      }
      lanes.template Store<float>(sums, total);
    });
  }

  static void Mean(const float* sums, float zero, float scale, float divisor, int64_t count, float* means) {
    const Floats zeros = V::Set(zero);
    const Floats scales = V::Set(scale);
    const Floats divisors = V::Set(divisor);
    ForEachVector<V>(count, [&](auto lanes) {
      const Floats centred = V::Sub(lanes.template Load<float>(sums), zeros);
      lanes.template Store<float>(means, V::Div(V::Mul(scales, centred), divisors));
    });
  }

  static constexpr PoolKernels Make() {
    return {{MaxFloats<float>, MaxFloats<Float16>, MaxFloats<BFloat16>, MaxCodes<true>, MaxCodes<false>},
            {Sum<float>, Sum<Float16>, Sum<BFloat16>, Sum<int8_t>, Sum<uint8_t>},
            Mean};
  }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_POOL_H_
