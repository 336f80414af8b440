// SPDX-License-Identifier: Apache-2.0
// The epilogue of tile_codes.h over vectors. Four vectors at a time become the bytes of a register by packing, whose
// saturation takes the place of clamps of floats: see code_epilogue.h for what values may be. D is an instruction set:
//
//   Floats, Integers                 kLanes floats, or s32; bytes in the end
//   Set, SetWords, SetBytes          equal lanes, words, bytes
//   Load, LoadIntegers               aligned
//   LoadCodes(p)                     kLanes u8 as s32
//   Add, Sub, Mul, Fma               of floats, each rounded once
//   Add                              of integers
//   ToFloats, Nearest                to f32; to s32, ties to even, INT32_MIN for what does not fit
//   PackWords, PackBytes             saturating, s32 to s16 and s16 to u8, within 128 bits
//   AddWords                         saturating
//   MaxBytes, MinBytes, Xor          of u8
//   InOrder(bytes)                   puts the 128 bits' parts of four packed vectors into the vectors' order
//   StoreRow<kRows, kRow>(to, bytes) part number kRow of kRows equal parts of the bytes
//   Activate<activation>(values)     four vectors in place
//
// 7 instructions for a vector, with clamps, zero point and signs 8, where FinishTile takes 14. Activations are those of
// FinishTile; that their values need not go through memory makes a product of 128 x 1536 x 384 with GELU take 0.87 of
// the time (AVX512-VNNI, least of 21 runs).
#ifndef OCTET_CPU_VECTOR_TILE_CODES_H_
#define OCTET_CPU_VECTOR_TILE_CODES_H_

#include <cstddef>
#include <cstdint>

#include "cpu/epilogue_kernels.h"
#include "cpu/gemm_rows.h"
#include "cpu/tile_codes.h"

namespace octet {
namespace cpu {

/**
 * Copies up to kMost bytes, by two halves that may overlap. Measured beside a call of memcpy for each row, on a Xeon
 * with AVX512-VNNI: convolutions of 56 x 56 pixels to 24 channels take 0.9 of the time, and 0.63 with a residual.
 */
template <size_t kMost>
OCTET_INLINE inline void CopyFew(const char* from, size_t count, char* to) {
  if (count == kMost) {
    __builtin_memcpy(to, from, kMost);
  } else if constexpr (kMost > 1) {
    constexpr size_t kHalf = kMost / 2;
    if (count >= kHalf) {
      __builtin_memcpy(to, from, kHalf);
      __builtin_memcpy(to + count - kHalf, from + count - kHalf, kHalf);
    } else {
      CopyFew<kHalf>(from, count, to);
    }
  }
}

/**
 * Rows of kColumns sums. kPlain: the codes are u8, the zero point is 0, and the limits are those of u8. kWhole: there
 * are kColumns columns, not less.
 */
template <typename D, int kColumns, bool kResidual, bool kPlain, bool kWhole, bool kActivates = false,
          numerics::Activation kActivation = numerics::Activation::kNone>
class VectorTileCodes {
 public:
  explicit VectorTileCodes(const TileCodes& codes)
      : columns_(static_cast<size_t>(codes.columns)),
        reciprocal_(D::Set(codes.steps->reciprocal)),
        rest_(D::Set(codes.steps->reciprocal_rest)),
        zero_point_(D::SetWords(codes.steps->zero_point)),
        low_(D::SetBytes(codes.steps->low)),
        high_(D::SetBytes(codes.steps->high)),
        flip_(D::SetBytes(codes.steps->flip)),
        residual_scale_(D::Set(codes.steps->residual_scale)),
        residual_zero_point_(D::Set(codes.steps->residual_zero_point)),
        residual_flip_(codes.steps->residual_flip * 0x0101010101010101u) {
    Repeat<kVectors>([&](auto v) OCTET_INLINE {
      start_[v()] = D::LoadIntegers(codes.values->start + v() * D::kLanes);
      scale_[v()] = D::Load(codes.values->scale + v() * D::kLanes);
      bias_[v()] = D::Load(codes.values->bias + v() * D::kLanes);
      if constexpr (kActivates) factor_[v()] = D::Load(codes.values->factor + v() * D::kLanes);
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
    if constexpr (kRows > 1) {
      if (rows == 0) return;
      WithRows<kRows - 1>(rows, [&](auto rest) OCTET_INLINE {
        FourVectors<decltype(rest)::value>(sums, out, out_stride, residual, residual_stride);
      });
    }
  }

 private:
  using Floats = typename D::Floats;
  using Integers = typename D::Integers;
  /** Of a row. */
  static constexpr int kVectors = kColumns / D::kLanes;
  /** Rows that four vectors have. */
  static constexpr int kRows = 4 / kVectors;

  /** Rows that there are not become the first one again, and are not stored. */
  template <int kPresent>
  OCTET_INLINE void FourVectors(const int32_t* sums, char* out, int64_t out_stride, const char* residual,
                                int64_t residual_stride) const {
    Floats y[4];
    Repeat<4>([&](auto i) OCTET_INLINE {
      constexpr int kVector = decltype(i)::value % kVectors;
      constexpr int kFirst = kVector * D::kLanes;
      constexpr int kRow = decltype(i)::value / kVectors < kPresent ? decltype(i)::value / kVectors : 0;
      const Integers sum = D::Add(start_[kVector], D::LoadIntegers(sums + kRow * kTileColumns + kFirst));
      y[i()] = D::Fma(D::ToFloats(sum), scale_[kVector], bias_[kVector]);
      if constexpr (kResidual) y[i()] = D::Add(y[i()], Residual<kFirst>(residual + kRow * residual_stride));
    });
    if constexpr (kActivates) {
      D::template Activate<kActivation>(y);
      Repeat<4>([&](auto i) OCTET_INLINE { y[i()] = D::Mul(y[i()], factor_[i() % kVectors]); });
    }
    Integers q[4];
    Repeat<4>([&](auto i) OCTET_INLINE { q[i()] = D::Nearest(D::Fma(y[i()], reciprocal_, D::Mul(y[i()], rest_))); });
    Integers bytes = D::InOrder(D::PackBytes(Words(q[0], q[1]), Words(q[2], q[3])));
    if constexpr (!kPlain) bytes = D::Xor(D::MinBytes(D::MaxBytes(bytes, low_), high_), flip_);
    Repeat<kPresent>([&](auto row) OCTET_INLINE {
      constexpr int kRow = decltype(row)::value;
      if constexpr (kWhole) {
        D::template StoreRow<kRows, kRow>(out + kRow * out_stride, bytes);
      } else {
        char codes[kColumns];
        D::template StoreRow<kRows, kRow>(codes, bytes);
        CopyFew<kColumns>(codes, columns_, out + kRow * out_stride);
      }
    });
  }

  OCTET_INLINE Integers Words(Integers a, Integers b) const {
    const Integers words = D::PackWords(a, b);
    return kPlain ? words : D::AddWords(words, zero_point_);
  }

  /** The values of a row's codes from column kFirst on. */
  template <int kFirst>
  OCTET_INLINE Floats Residual(const char* row) const {
    uint64_t codes[D::kLanes / 8] = {};
    if constexpr (kWhole) {
      __builtin_memcpy(codes, row + kFirst, D::kLanes);
    } else if (columns_ > kFirst) {
      const size_t rest = columns_ - kFirst;
      CopyFew<D::kLanes>(row + kFirst, rest < D::kLanes ? rest : D::kLanes, reinterpret_cast<char*>(codes));
    }
    Repeat<D::kLanes / 8>([&](auto i) OCTET_INLINE { codes[i()] ^= residual_flip_; });
    return D::Mul(residual_scale_, D::Sub(D::ToFloats(D::LoadCodes(codes)), residual_zero_point_));
  }

  const size_t columns_;
  Integers start_[kVectors];
  Floats scale_[kVectors];
  Floats bias_[kVectors];
  Floats factor_[kVectors];
  const Floats reciprocal_;
  const Floats rest_;
  const Integers zero_point_;
  const Integers low_;
  const Integers high_;
  const Integers flip_;
  const Floats residual_scale_;
  const Floats residual_zero_point_;
  const uint64_t residual_flip_;
};

template <typename D, int kColumns, bool kResidual>
void FinishCodesOf(const int32_t* sums, int rows, const TileCodes& codes) {
  const CodeSteps& steps = *codes.steps;
  const bool plain = steps.zero_point == 0 && steps.low == 0 && steps.high == 255 && steps.flip == 0;
  if (codes.columns != kColumns) {
    VectorTileCodes<D, kColumns, kResidual, false, false>(codes).Run(sums, rows, codes);
  } else if (plain) {
    VectorTileCodes<D, kColumns, kResidual, true, true>(codes).Run(sums, rows, codes);
  } else {
    VectorTileCodes<D, kColumns, kResidual, false, true>(codes).Run(sums, rows, codes);
  }
}

template <typename D, numerics::Activation kActivation>
void FinishActivated(const int32_t* sums, int rows, const TileCodes& codes) {
  constexpr int kHalf = static_cast<int>(kHalfPanel);
  if (codes.columns == kTileColumns) {
    VectorTileCodes<D, kTileColumns, false, false, true, true, kActivation>(codes).Run(sums, rows, codes);
  } else if (codes.columns > kHalf) {
    VectorTileCodes<D, kTileColumns, false, false, false, true, kActivation>(codes).Run(sums, rows, codes);
  } else {
    VectorTileCodes<D, kHalf, false, false, false, true, kActivation>(codes).Run(sums, rows, codes);
  }
}

/** EpilogueKernels::finish_codes. */
template <typename D>
void FinishCodes(const int32_t* sums, int rows, const TileCodes& codes) {
  using A = numerics::Activation;
  if (codes.activates) {
    switch (codes.activation) {
      case A::kGeluErf:
        return FinishActivated<D, A::kGeluErf>(sums, rows, codes);
      case A::kGeluTanh:
        return FinishActivated<D, A::kGeluTanh>(sums, rows, codes);
      case A::kSilu:
        return FinishActivated<D, A::kSilu>(sums, rows, codes);
      case A::kSigmoid:
        return FinishActivated<D, A::kSigmoid>(sums, rows, codes);
      case A::kTanh:
        return FinishActivated<D, A::kTanh>(sums, rows, codes);
      case A::kHardswish:
        return FinishActivated<D, A::kHardswish>(sums, rows, codes);
      case A::kHardsigmoid:
        return FinishActivated<D, A::kHardsigmoid>(sums, rows, codes);
      default:
        return FinishActivated<D, A::kNone>(sums, rows, codes);
    }
  }
  constexpr int kHalf = static_cast<int>(kHalfPanel);
  const bool half = codes.columns <= kHalf;
  if (codes.residual == nullptr) {
    (half ? FinishCodesOf<D, kHalf, false> : FinishCodesOf<D, kTileColumns, false>)(sums, rows, codes);
  } else {
    (half ? FinishCodesOf<D, kHalf, true> : FinishCodesOf<D, kTileColumns, true>)(sums, rows, codes);
  }
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_TILE_CODES_H_
