// SPDX-License-Identifier: Apache-2.0
// The epilogue of sums, four neighbouring columns at a time: the arithmetic of numerics/epilogue.h, and the types of
// residuals and outputs. Activation and types are told by branches that all threads take alike: a kernel for each of
// the 300 combinations would be code for hours of compiling and nothing else. Tiles, with many rows for a thread, have
// loops for what is common (epilogue_elements.h).
#ifndef OCTET_CUDA_GEMM_EPILOGUE_VALUES_H_
#define OCTET_CUDA_GEMM_EPILOGUE_VALUES_H_

#include <cstdint>
#include <type_traits>

#include "core/epilogue_view.h"
#include "cuda/bits.h"
#include "cuda/byte_codes.h"
#include "cuda/gemm/row_places.h"
#include "numerics/epilogue.h"
#include "numerics/half.h"

namespace octet {
namespace cuda {

/** What turns sums into floats. Arrays over columns are filled up to a multiple of 256. */
struct SumScales {
  const float* w_scales;
  const int32_t* w_sums;
  /** Null: all 0. */
  const int32_t* w_zeros;
  /** One a row; null: a_scale. */
  const float* a_scales;
  float a_scale;
  int32_t a_zero;
  /** One a row; read if there are w_zeros. */
  const int32_t* a_sums;
};

/** How tiles go over their rows: epilogue_elements.h. */
enum class LoopKind : int32_t { kAny, kCodes, kCodesAndResidual, kF32, kF16, kBF16 };

struct Epilogue {
  SumScales scales;
  RowPlaces out_places;
  RowPlaces residual_places;
  EpilogueView view;
  /** Of the output. */
  QuickBytes codes;
  LoopKind loop;
  int32_t columns;
  int64_t rows;
  /** Whether four (residual) or sixteen bytes' worth (out) of neighbouring elements can be moved at once. */
  bool residual_vectors;
  bool out_vectors;
};

/** The terms of four neighbouring columns. */
struct ColumnTerms {
  float scale[4];
  float bias[4];
  int32_t from_a[4];
  int32_t zero[4];
};

/** to_terms: from the column's number to its place, a multiple of 4, in the arrays of SumScales. */
__device__ inline ColumnTerms TermsOf(const Epilogue& epilogue, int32_t column, int64_t to_terms = 0) {
  ColumnTerms terms;
  const SumScales& scales = epilogue.scales;
  const int64_t place = column + to_terms;
  const float4 scale = __ldg(reinterpret_cast<const float4*>(scales.w_scales + place));
  const int4 sums = __ldg(reinterpret_cast<const int4*>(scales.w_sums + place));
  int4 zeros = {0, 0, 0, 0};
  if (scales.w_zeros != nullptr) zeros = __ldg(reinterpret_cast<const int4*>(scales.w_zeros + place));
  const float scale_of[4] = {scale.x, scale.y, scale.z, scale.w};
  const int32_t sum_of[4] = {sums.x, sums.y, sums.z, sums.w};
  const int32_t zero_of[4] = {zeros.x, zeros.y, zeros.z, zeros.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    terms.scale[i] = scale_of[i];
    terms.from_a[i] = static_cast<int32_t>(static_cast<uint32_t>(scales.a_zero) * static_cast<uint32_t>(sum_of[i]));
    terms.zero[i] = zero_of[i];
    const bool has_bias = epilogue.view.bias != nullptr && column + i < epilogue.columns;
    terms.bias[i] = has_bias ? __ldg(epilogue.view.bias + column + i) : 0.0f;
  }
  return terms;
}

/** As numerics::ExactSum and numerics::ScaledSum. */
__device__ inline void ScaleSums(const SumScales& scales, const ColumnTerms& terms, const int32_t (&sums)[4],
                                 int64_t row, float (&values)[4]) {
  const float a_scale = scales.a_scales != nullptr ? __ldg(scales.a_scales + row) : scales.a_scale;
  const uint32_t a_sum = scales.w_zeros != nullptr ? static_cast<uint32_t>(__ldg(scales.a_sums + row)) : 0u;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const uint32_t exact = static_cast<uint32_t>(sums[i]) - static_cast<uint32_t>(terms.from_a[i]) -
                           static_cast<uint32_t>(terms.zero[i]) * a_sum;
    values[i] = numerics::ScaledSum(static_cast<int32_t>(exact), a_scale, terms.scale[i], terms.bias[i]);
  }
}

template <numerics::Activation kActivation>
__device__ inline void ActivateAll(float (&values)[4]) {
#pragma unroll
  for (float& value : values) value = numerics::Activate<numerics::OneLane, kActivation>(value);
}

__device__ inline void ActivateValues(numerics::Activation activation, float (&values)[4]) {
  using numerics::Activation;
  switch (activation) {
    case Activation::kNone:
      return;
    case Activation::kRelu:
      return ActivateAll<Activation::kRelu>(values);
    case Activation::kRelu6:
      return ActivateAll<Activation::kRelu6>(values);
    case Activation::kGeluErf:
      return ActivateAll<Activation::kGeluErf>(values);
    case Activation::kGeluTanh:
      return ActivateAll<Activation::kGeluTanh>(values);
    case Activation::kSilu:
      return ActivateAll<Activation::kSilu>(values);
    case Activation::kSigmoid:
      return ActivateAll<Activation::kSigmoid>(values);
    case Activation::kTanh:
      return ActivateAll<Activation::kTanh>(values);
    case Activation::kHardswish:
      return ActivateAll<Activation::kHardswish>(values);
    case Activation::kHardsigmoid:
      return ActivateAll<Activation::kHardsigmoid>(values);
  }
}

/** An element as a float. */
__device__ inline float ElementAt(const char* at, ElementType type, numerics::Step step) {
  switch (type) {
    case ElementType::kF16:
      return numerics::Widen(*reinterpret_cast<const Float16*>(at));
    case ElementType::kBF16:
      return numerics::Widen(*reinterpret_cast<const BFloat16*>(at));
    case ElementType::kS8:
      return numerics::ValueOfCode(static_cast<float>(*reinterpret_cast<const int8_t*>(at)), step);
    case ElementType::kU8:
      return numerics::ValueOfCode(static_cast<float>(*reinterpret_cast<const uint8_t*>(at)), step);
    default:
      return *reinterpret_cast<const float*>(at);
  }
}

/** Element 0 <= i < 4 of those that begin with the lowest bits of words. */
__device__ inline float ElementOf(uint4 words, ElementType type, int i, numerics::Step step) {
  const uint32_t word = i == 0 ? words.x : i == 1 ? words.y : i == 2 ? words.z : words.w;
  const uint16_t half = static_cast<uint16_t>((i < 2 ? words.x : words.y) >> (i % 2 * 16));
  switch (type) {
    case ElementType::kF16:
      return numerics::Widen(Float16{half});
    case ElementType::kBF16:
      return numerics::Widen(BFloat16{half});
    case ElementType::kS8:
      return numerics::ValueOfCode(static_cast<float>(static_cast<int8_t>(words.x >> (8 * i))), step);
    case ElementType::kU8:
      return numerics::ValueOfCode(static_cast<float>(static_cast<uint8_t>(words.x >> (8 * i))), step);
    default:
      return numerics::FloatOf(word);
  }
}

/** The bits of four neighbouring elements from where four of them are aligned. A plain load: it may be the output. */
__device__ inline uint4 LoadQuad(const char* at, ElementType type) {
  if (type == ElementType::kF32) return *reinterpret_cast<const uint4*>(at);
  if (type == ElementType::kF16 || type == ElementType::kBF16) {
    const uint2 half = *reinterpret_cast<const uint2*>(at);
    return {half.x, half.y, 0, 0};
  }
  return {*reinterpret_cast<const uint32_t*>(at), 0, 0, 0};
}

/** values += the elements of a residual that LoadQuad has loaded. */
__device__ inline void AddQuad(uint4 words, const EpilogueView& view, float (&values)[4]) {
#pragma unroll
  for (int i = 0; i < 4; ++i) values[i] += ElementOf(words, view.residual.type, i, view.residual_step);
}

/** values += residual. Plain loads: the residual may be the output. */
__device__ inline void AddResidual(const Epilogue& epilogue, int64_t row, int32_t column, float (&values)[4]) {
  const RowsView& residual = epilogue.view.residual;
  const char* from = residual.data + epilogue.residual_places.Of(row);
  if (epilogue.residual_vectors && column + 4 <= epilogue.columns) {
    AddQuad(LoadQuad(from + column * SizeOf(residual.type), residual.type), epilogue.view, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (column + i < epilogue.columns) {
      values[i] +=
          ElementAt(from + (column + i) * epilogue.residual_places.column, residual.type, epilogue.view.residual_step);
    }
  }
}

/** values *= factor, where there is one. */
__device__ inline void MultiplyColumns(const Epilogue& epilogue, int32_t column, float (&values)[4]) {
  if (epilogue.view.factor == nullptr) return;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (column + i < epilogue.columns) values[i] *= __ldg(epilogue.view.factor + column + i);
  }
}

/** What comes between scaling and storing, for four columns of an existing row. */
__device__ inline void FinishValues(const Epilogue& epilogue, int64_t row, int32_t column, float (&values)[4]) {
  const EpilogueView& view = epilogue.view;
  if (view.residual_first) AddResidual(epilogue, row, column, values);
  ActivateValues(view.activation, values);
  MultiplyColumns(epilogue, column, values);
  if (!view.residual_first && view.residual.data != nullptr) AddResidual(epilogue, row, column, values);
}

/** Two neighbours of f16 or bf16, the first one in the lower half: one instruction from sm_80 on. */
template <typename T>
__device__ uint32_t PairBits(float first, float second) {
  constexpr bool kHalf = std::is_same_v<T, Float16>;
#if __CUDA_ARCH__ >= 800
  uint32_t bits;
  if constexpr (kHalf) {
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
  } else {
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(second), "f"(first));
  }
  return bits;
#else
  if constexpr (kHalf) return HalfBits(first) | HalfBits(second) << 16;
  return BrainBits(first) | BrainBits(second) << 16;
#endif
}

/** Writes four values as elements of the output's type to where four of them are aligned. codes: of the output. */
__device__ inline void PutValues(const EpilogueView& view, const QuickBytes& codes, const float (&values)[4],
                                 void* to) {
  switch (view.out.type) {
    case ElementType::kF16:
      *static_cast<uint2*>(to) = {PairBits<Float16>(values[0], values[1]), PairBits<Float16>(values[2], values[3])};
      return;
    case ElementType::kBF16:
      *static_cast<uint2*>(to) = {PairBits<BFloat16>(values[0], values[1]), PairBits<BFloat16>(values[2], values[3])};
      return;
    case ElementType::kS8:
    case ElementType::kU8:
      *static_cast<uint32_t*>(to) = CodesOf(values, view.out_step, view.out_limits, codes);
      return;
    default:
      *static_cast<float4*>(to) = {values[0], values[1], values[2], values[3]};
  }
}

/** Copies an element of `size` bytes. */
__device__ inline void CopyElement(char* to, const char* from, int size) {
  if (size == 1) {
    *to = *from;
  } else if (size == 2) {
    *reinterpret_cast<uint16_t*>(to) = *reinterpret_cast<const uint16_t*>(from);
  } else {
    *reinterpret_cast<uint32_t*>(to) = *reinterpret_cast<const uint32_t*>(from);
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_EPILOGUE_VALUES_H_
