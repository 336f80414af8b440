// SPDX-License-Identifier: Apache-2.0
// The epilogue of tile_codes.h in AVX-512. Internal linkage, as all that a translation unit of an instruction set has.
#ifndef OCTET_CPU_TILE_CODES_AVX512_H_
#define OCTET_CPU_TILE_CODES_AVX512_H_

#include <immintrin.h>

#include "cpu/epilogue_kernels.h"
#include "cpu/gemm_rows.h"
#include "cpu/tile_codes.h"

namespace octet {
namespace cpu {
namespace {

/** kVectors vectors of columns. kPlain: the codes are u8, the zero point is 0, and the limits are those of u8. */
template <int kVectors, bool kResidual, bool kPlain>
class CodesAvx512 {
 public:
  explicit CodesAvx512(const TileCodes& codes)
      : columns_(static_cast<uint32_t>((uint64_t{1} << codes.columns) - 1)),
        reciprocal_(_mm512_set1_ps(codes.steps->reciprocal)),
        rest_(_mm512_set1_ps(codes.steps->reciprocal_rest)),
        zero_point_(_mm512_set1_epi16(codes.steps->zero_point)),
        low_(_mm512_set1_epi8(static_cast<char>(codes.steps->low))),
        high_(_mm512_set1_epi8(static_cast<char>(codes.steps->high))),
        flip_(_mm512_set1_epi8(static_cast<char>(codes.steps->flip))),
        residual_scale_(_mm512_set1_ps(codes.steps->residual_scale)),
        residual_zero_point_(_mm512_set1_ps(codes.steps->residual_zero_point)),
        residual_flip_(_mm_set1_epi8(static_cast<char>(codes.steps->residual_flip))) {
    Repeat<kVectors>([&](auto v) OCTET_INLINE {
      start_[v()] = _mm512_load_si512(codes.values->start + v() * kLanes);
      scale_[v()] = _mm512_load_ps(codes.values->scale + v() * kLanes);
      bias_[v()] = _mm512_load_ps(codes.values->bias + v() * kLanes);
    });
  }

  void Run(const int32_t* sums, int rows, const TileCodes& codes) const {
    char* out = codes.out;
    const char* residual = codes.residual;
    const int64_t out_stride = codes.out_stride;
    const int64_t residual_stride = codes.residual_stride;
    for (; rows >= kRows; rows -= kRows) {
      FourVectors<kRows>(sums, out, out_stride, residual, residual_stride);
      sums += kRows * kTileColumns;
      out += kRows * out_stride;
      if (kResidual) residual += kRows * residual_stride;
    }
    WithRest(rows, [&](auto rest) OCTET_INLINE {
      FourVectors<decltype(rest)::value>(sums, out, out_stride, residual, residual_stride);
    });
  }

 private:
  static constexpr int kLanes = 16;
  /** Rows that four vectors have. */
  static constexpr int kRows = 4 / kVectors;

  template <typename Body>
  static void WithRest(int rows, const Body& body) {
    if (rows > 0) WithRows<kRows - 1>(rows, body);
  }

  /** Rows that there are not become the first one again, and are not stored. */
  template <int kPresent>
  OCTET_INLINE void FourVectors(const int32_t* sums, char* out, int64_t out_stride, const char* residual,
                                int64_t residual_stride) const {
    __m512i q[4];
    Repeat<4>([&](auto i) OCTET_INLINE {
      constexpr int kVector = decltype(i)::value % kVectors;
      constexpr int kRow = decltype(i)::value / kVectors < kPresent ? decltype(i)::value / kVectors : 0;
      const __m512i sum =
          _mm512_add_epi32(start_[kVector], _mm512_load_si512(sums + kRow * kTileColumns + kVector * kLanes));
      __m512 y = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), scale_[kVector], bias_[kVector]);
      if constexpr (kResidual) {
        const __m128i added = _mm_maskz_loadu_epi8(static_cast<__mmask16>(columns_ >> (kVector * kLanes)),
                                                   residual + kRow * residual_stride + kVector * kLanes);
        const __m512 code = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_xor_si128(added, residual_flip_)));
        y = _mm512_add_ps(y, _mm512_mul_ps(residual_scale_, _mm512_sub_ps(code, residual_zero_point_)));
      }
      q[i()] = _mm512_cvtps_epi32(_mm512_fmadd_ps(y, reciprocal_, _mm512_mul_ps(y, rest_)));
    });
    const __m512i packed = _mm512_packus_epi16(Words(q[0], q[1]), Words(q[2], q[3]));
    // Packing leaves four columns of each vector in each 128 bits.
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    __m512i bytes = _mm512_permutexvar_epi32(order, packed);
    if constexpr (!kPlain) {
      bytes = _mm512_xor_si512(_mm512_min_epu8(_mm512_max_epu8(bytes, low_), high_), flip_);
    }
    Repeat<kPresent>([&](auto row) OCTET_INLINE {
      constexpr int kRow = decltype(row)::value;
      if constexpr (kVectors == 2) {
        _mm256_mask_storeu_epi8(out + kRow * out_stride, columns_, _mm512_extracti64x4_epi64(bytes, kRow));
      } else {
        _mm_mask_storeu_epi8(out + kRow * out_stride, static_cast<__mmask16>(columns_),
                             _mm512_extracti32x4_epi32(bytes, kRow));
      }
    });
  }

  OCTET_INLINE __m512i Words(__m512i a, __m512i b) const {
    const __m512i words = _mm512_packs_epi32(a, b);
    return kPlain ? words : _mm512_adds_epi16(words, zero_point_);
  }

  const uint32_t columns_;
  __m512i start_[kVectors];
  __m512 scale_[kVectors];
  __m512 bias_[kVectors];
  const __m512 reciprocal_;
  const __m512 rest_;
  const __m512i zero_point_;
  const __m512i low_;
  const __m512i high_;
  const __m512i flip_;
  const __m512 residual_scale_;
  const __m512 residual_zero_point_;
  const __m128i residual_flip_;
};

template <int kVectors, bool kResidual>
void FinishCodesOf(const int32_t* sums, int rows, const TileCodes& codes) {
  const CodeSteps& steps = *codes.steps;
  if (steps.zero_point == 0 && steps.low == 0 && steps.high == 255 && steps.flip == 0) {
    CodesAvx512<kVectors, kResidual, true>(codes).Run(sums, rows, codes);
  } else {
    CodesAvx512<kVectors, kResidual, false>(codes).Run(sums, rows, codes);
  }
}

void FinishCodesAvx512(const int32_t* sums, int rows, const TileCodes& codes) {
  const bool whole = codes.columns > static_cast<int>(kHalfPanel);
  if (codes.residual == nullptr) {
    (whole ? FinishCodesOf<2, false> : FinishCodesOf<1, false>)(sums, rows, codes);
  } else {
    (whole ? FinishCodesOf<2, true> : FinishCodesOf<1, true>)(sums, rows, codes);
  }
}

}  // namespace
}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_TILE_CODES_AVX512_H_
