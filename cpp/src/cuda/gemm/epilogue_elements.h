// SPDX-License-Identifier: Apache-2.0
// From four neighbouring sums of a row to elements of the output, for loops over rows of a warp's part of a tile.
//
// A class for every epilogue there is (AnyElements), which looks at types and activations as it goes, and others for
// what most layers have, in which the loop has nothing left to ask: a question costs two instructions of a thread for
// its four elements, and making a code of a value costs ten. The host says which one a launch takes (LoopOf); all give
// the same bits. Kernels are not multiplied by that: each has all of the loops.
//
// Conversions of sums are left to I2F: 16 a clock and multiprocessor, which is eight clocks for a warp's four
// registers, in which the schedulers issue some 40 of the other 45 instructions, so they are hidden. Adding 1.5 * 2^23
// would make a float of a sum below 2^22 with one addition, but only layers of K <= 128 have no other sums.
#ifndef OCTET_CUDA_GEMM_EPILOGUE_ELEMENTS_H_
#define OCTET_CUDA_GEMM_EPILOGUE_ELEMENTS_H_

#include <cstdint>

#include "cuda/gemm/epilogue_values.h"

namespace octet {
namespace cuda {

/** sums - a_zero * w_sums, as floats, which ColumnTerms are for. */
__device__ inline void ConvertSums(int4 sums, const ColumnTerms& terms, float (&values)[4]) {
  const int32_t sum_of[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    values[i] = static_cast<float>(
        static_cast<int32_t>(static_cast<uint32_t>(sum_of[i]) - static_cast<uint32_t>(terms.from_a[i])));
  }
}

/** Any epilogue. */
class AnyElements {
 public:
  /** Rows whose loads are under way at once. */
  static constexpr int kAhead = 1;
  struct Row {
    int4 sums;
    int64_t number;
  };
  struct Packed {
    float values[4];
  };

  /** to_sums: from a row's number to its place in the sums of activations. */
  __device__ AnyElements(const Epilogue& epilogue, const ColumnTerms& terms, int64_t first_row, int32_t column,
                         int64_t to_sums)
      : epilogue_(epilogue), terms_(terms), first_row_(first_row), column_(column), to_sums_(to_sums) {}

  __device__ int Size() const { return static_cast<int>(SizeOf(epilogue_.view.out.type)); }
  /** row: from first_row on. */
  __device__ Row Load(int4 sums, int row) const { return {sums, first_row_ + row}; }

  __device__ Packed Make(const Row& row) const {
    const int32_t sums[4] = {row.sums.x, row.sums.y, row.sums.z, row.sums.w};
    Packed packed;
    ScaleSums(epilogue_.scales, terms_, sums, row.number + to_sums_, packed.values);
    FinishValues(epilogue_, row.number, column_, packed.values);
    return packed;
  }

  __device__ void Put(const Packed& packed, void* to) const {
    PutValues(epilogue_.view, epilogue_.codes, packed.values, to);
  }

 private:
  const Epilogue& epilogue_;
  const ColumnTerms& terms_;
  const int64_t first_row_;
  const int32_t column_;
  const int64_t to_sums_;
};

/**
 * Codes on a grid that fits QuickBytes, of sums with one scale of activations and perhaps a residual of codes. No value
 * may be NaN: scales and biases are finite.
 */
template <bool kResidual>
class CodeElements {
 public:
  static constexpr int kAhead = kResidual ? 4 : 2;
  struct Row {
    int4 sums;
    uint32_t residual;
  };
  using Packed = uint32_t;

  __device__ CodeElements(const Epilogue& epilogue, const ColumnTerms& terms, int64_t first_row, int32_t column)
      : terms_(terms),
        quick_(epilogue.codes),
        residual_(epilogue.view.residual.data, epilogue.residual_places, first_row, column),
        has_column_(column < epilogue.columns),
        turned_(epilogue.view.residual.type == ElementType::kS8 ? 0x80808080u : 0u),
        residual_scale_(epilogue.view.residual_step.scale),
        residual_offset_(kFirstOfByte + epilogue.view.residual_step.zero_point + (turned_ != 0 ? 128.0f : 0.0f)) {
#pragma unroll
    for (int i = 0; i < 4; ++i) scale_[i] = epilogue.scales.a_scale * terms.scale[i];
  }

  /** Whether the numbers of all columns of the warp are finite. */
  __device__ static bool Fit(const Epilogue& epilogue, const ColumnTerms& terms) {
    bool finite = true;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      finite = finite && fabsf(epilogue.scales.a_scale * terms.scale[i]) + fabsf(terms.bias[i]) < numerics::Infinity();
    }
    return __all_sync(0xffffffffu, finite) != 0;
  }

  __device__ static int Size() { return 1; }

  __device__ Row Load(int4 sums, int row) const {
    if constexpr (!kResidual) return {sums, 0};
    return {sums, has_column_ ? *reinterpret_cast<const uint32_t*>(residual_.At(row)) : 0u};
  }

  __device__ Packed Make(const Row& row) const {
    float values[4];
    ConvertSums(row.sums, terms_, values);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      values[i] = numerics::Fma(values[i], scale_[i], terms_.bias[i]);
      if constexpr (kResidual) {
        values[i] += residual_scale_ * (AboveFirst(row.residual ^ turned_, i) - residual_offset_);
      }
    }
    return QuickCodes<true>(values, quick_);
  }

  __device__ static void Put(Packed packed, void* to) { *static_cast<uint32_t*>(to) = packed; }

 private:
  const ColumnTerms& terms_;
  const QuickBytes& quick_;
  const RowsFrom residual_;
  const bool has_column_;
  const uint32_t turned_;
  const float residual_scale_;
  const float residual_offset_;
  float scale_[4];
};

/** Floats, rectified or as they are, before or after which whole quads of a residual of any type may be added. */
template <typename T>
class FloatElements {
 public:
  static constexpr int kAhead = 2;
  struct Row {
    int4 sums;
    float a_scale;
    uint4 residual;
  };
  struct alignas(4 * sizeof(T)) Packed {
    T elements[4];
  };

  __device__ FloatElements(const Epilogue& epilogue, const ColumnTerms& terms, int64_t first_row, int32_t column,
                           int64_t to_sums)
      : epilogue_(epilogue),
        terms_(terms),
        a_scales_(epilogue.scales.a_scales == nullptr ? nullptr : epilogue.scales.a_scales + first_row + to_sums),
        residual_(epilogue.view.residual.data, epilogue.residual_places, first_row,
                  column * SizeOf(epilogue.view.residual.type)),
        has_residual_(epilogue.view.residual.data != nullptr && column < epilogue.columns) {}

  __device__ static int Size() { return sizeof(T); }

  __device__ Row Load(int4 sums, int row) const {
    Row loaded = {sums, epilogue_.scales.a_scale, {0, 0, 0, 0}};
    if (a_scales_ != nullptr) loaded.a_scale = __ldg(a_scales_ + row);
    if (has_residual_) loaded.residual = LoadQuad(residual_.At(row), epilogue_.view.residual.type);
    return loaded;
  }

  __device__ Packed Make(const Row& row) const {
    const EpilogueView& view = epilogue_.view;
    float values[4];
    ConvertSums(row.sums, terms_, values);
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      values[i] = numerics::Fma(values[i], row.a_scale * terms_.scale[i], terms_.bias[i]);
    }
    if (has_residual_ && view.residual_first) AddQuad(row.residual, view, values);
    if (view.activation == numerics::Activation::kRelu) ActivateAll<numerics::Activation::kRelu>(values);
    if (view.activation == numerics::Activation::kRelu6) ActivateAll<numerics::Activation::kRelu6>(values);
    if (has_residual_ && !view.residual_first) AddQuad(row.residual, view, values);
    Packed packed;
    if constexpr (sizeof(T) == 4) {
#pragma unroll
      for (int i = 0; i < 4; ++i) packed.elements[i] = values[i];
    } else {
      const uint2 pairs = {PairBits<T>(values[0], values[1]), PairBits<T>(values[2], values[3])};
      __builtin_memcpy(&packed, &pairs, sizeof(packed));
    }
    return packed;
  }

  __device__ static void Put(const Packed& packed, void* to) { *static_cast<Packed*>(to) = packed; }

 private:
  const Epilogue& epilogue_;
  const ColumnTerms& terms_;
  const float* const a_scales_;
  const RowsFrom residual_;
  const bool has_residual_;
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_EPILOGUE_ELEMENTS_H_
