// SPDX-License-Identifier: Apache-2.0
// Kernels over rows without gaps, compiled once per instruction set. A row passes through f32 in steps that each are
// one loop: loaded (widened, or taken off its grid), worked on, stored (narrowed, or put on a grid). Pieces of a row
// fit the first-level cache between the steps, so that there is one function for each type and each operation in place
// of one for each of their combinations. Rows of f32 are read and written where they lie.
//
// Memory may have any alignment, which is why rows of f32 are void pointers.
#ifndef OCTET_CPU_ROW_KERNELS_H_
#define OCTET_CPU_ROW_KERNELS_H_

#include <cstdint>

#include "core/functions.h"
#include "core/recurrent_call.h"
#include "core/tensor_view.h"
#include "numerics/grid.h"
#include "numerics/unary.h"

namespace octet {
namespace cpu {

/** Types a row of real values can have: position in ElementType, f32 to u8. */
constexpr int kRowTypes = 5;

inline int RowTypeIndex(ElementType type) { return static_cast<int>(type); }

/** Rows to and from f32. */
struct ConvertKernels {
  /** values = row; the step is for codes. */
  void (*load[kRowTypes])(const void* row, numerics::Step step, int64_t count, void* values);
  /** sums = values + row. sums may be values. */
  void (*add[kRowTypes])(const void* values, const void* row, numerics::Step step, int64_t count, void* sums);
  /** row = values; NaN becomes the zero point in codes. */
  void (*store[kRowTypes])(const void* values, numerics::Step step, numerics::Limits limits, int64_t count, void* row);
};

/** Parameters of a row's normalisation. */
struct NormRow {
  float mean;
  float inverse_deviation;
  /** f32, one for each element; null: 1 and 0. */
  const void* weight;
  const void* bias;
};

/** Steps of LayerNorm and RMSNorm: see numerics/norm.h. Blocks are those of numerics/summation.h. */
struct NormKernels {
  /** Sum of a block. */
  float (*sum)(const void* values, int64_t count);
  /** Sum of squared differences from mean over a block. */
  float (*squares)(const void* values, float mean, int64_t count);
  void (*normalize)(const void* values, const NormRow& row, int64_t count, void* out);
};

/** What a softmax is taken of: x * scale + bias where the mask is not 0, minus infinity elsewhere. */
struct SoftmaxTerms {
  float scale;
  /** f32, one for each element; null: 0. */
  const void* bias;
  /** Bytes, one for each element; null: all 1. */
  const uint8_t* mask;
};

/** The greatest term so far, leaving NaNs out, and whether there was one. */
struct GreatestTerm {
  float value;
  bool nan;
};

/** Steps of a softmax: see numerics/softmax.h. */
struct SoftmaxKernels {
  void (*terms)(const void* values, const SoftmaxTerms& terms, int64_t count, float* out, GreatestTerm* greatest);
  /** values = exp(values - greatest) of a block; returns their sum. */
  float (*exponentials)(float* values, float greatest, int64_t count);
  void (*multiply)(const float* values, float factor, int64_t count, void* out);
};

/** Codes to others: their grid, and that of the output. */
struct CodeGrids {
  numerics::Step step;
  numerics::Step out_step;
  numerics::Limits out_limits;
};

/** Functions of each element. out may be an input. */
struct MapKernels {
  void (*unary[numerics::kUnaryFunctions])(const void* x, numerics::UnaryParameters parameters, int64_t count,
                                           void* out);
  void (*binary[kBinaryFunctions])(const void* a, const void* b, int64_t count, void* out);
  /** out = the codes of the values of x times factors, f32. Index: s8 or u8 of x, then of out. */
  void (*multiply_codes[2][2])(const void* x, const void* factors, const CodeGrids& grids, int64_t count, void* out);
  /** out: bytes 0 and 1. */
  void (*compare[kComparisons])(const void* a, const void* b, int64_t count, void* out);
};

/** Steps of masked means and normalisations. */
struct ReduceKernels {
  /** sums += values * factor, rounded once. */
  void (*accumulate)(const void* values, float factor, int64_t count, float* sums);
  void (*divide)(const void* values, float divisor, int64_t count, void* out);
};

/** The taps of a window that lie in the image, at the first of the channels that are looked at; strides in bytes. */
struct PoolWindow {
  const char* first;
  int64_t rows;
  int64_t columns;
  int64_t row_stride;
  int64_t column_stride;
};

/** Steps of pooling; the channels of a pixel lie side by side. */
struct PoolKernels {
  /** out = the greatest of each channel; without taps minus infinity, or the least code of the type. */
  void (*max[kRowTypes])(const PoolWindow& window, int64_t channels, void* out);
  /** Codes are summed as they are. */
  void (*sum[kRowTypes])(const PoolWindow& window, int64_t channels, float* sums);
  /** means = scale * (sums - zero) / divisor. means may be sums. */
  void (*mean)(const float* sums, float zero, float scale, float divisor, int64_t count, float* means);
};

/** A row of a recurrent layer's step: f32. */
struct CellRow {
  /** [gates, hidden]. */
  const void* input_gates;
  const void* hidden_gates;
  /** The state before. */
  const void* previous;
  /** Of LSTMs: read and written. */
  void* cells;
  /** Out. */
  void* hidden;
};

/** Steps of recurrent layers: see numerics/recurrent.h. */
struct RecurrentKernels {
  /** hidden: units of a row. */
  void (*cell[kRecurrentCells])(const CellRow& row, int64_t hidden);
};

struct RowKernels {
  ConvertKernels convert;
  NormKernels norm;
  SoftmaxKernels softmax;
  MapKernels map;
  ReduceKernels reduce;
  PoolKernels pool;
  RecurrentKernels recurrent;
};

const RowKernels& PortableRowKernels();
#if defined(OCTET_HAVE_X86)
const RowKernels& Avx2RowKernels();
const RowKernels& Avx512RowKernels();
#endif

/** The kernels of the instruction set in use. */
const RowKernels& CurrentRowKernels();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ROW_KERNELS_H_
