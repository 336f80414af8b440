// SPDX-License-Identifier: Apache-2.0
// What products of activations by activations and attention have beside the tiles of gemm_kernels.h, compiled once per
// instruction set.
#ifndef OCTET_CPU_PRODUCT_KERNELS_H_
#define OCTET_CPU_PRODUCT_KERNELS_H_

#include <cstdint>

#include "numerics/grid.h"

namespace octet {
namespace cpu {

/** Bytes that become a panel of s8 (core/packed_gemm.h), which is written whole: zeros where there is nothing. */
struct PanelBytes {
  const char* from = nullptr;
  /** Bytes from row to row of the memory. */
  int64_t stride = 0;
  int64_t k = 0;
  /** Columns that there are, at most `columns`. */
  int count = 0;
  /** 16 or 32. */
  int columns = 0;
  /** 0 for s8 codes, 0x80 for u8 codes: they are stored less 128. */
  uint8_t flip = 0;
  int8_t* to = nullptr;
  /** [columns]: of the s8 values of each column; null: not wanted. panel_of_rows adds to what is there. */
  int32_t* sums = nullptr;
};

/** From the sums of a tile (GemmTile) of queries by keys to the terms of their softmax. */
struct ScoreStep {
  const int32_t* sums = nullptr;
  int rows = 0;
  /** Number of the tile's first key. */
  int64_t first = 0;
  int columns = 0;
  /** What is to be taken off the sums: one for each column and one for each row. Columns are padded to 16. */
  const int32_t* column_offsets = nullptr;
  const int32_t* row_offsets = nullptr;
  /** Row r's is row_scales[r * row_scale_step]. */
  const float* row_scales = nullptr;
  int row_scale_step = 0;
  const float* column_scales = nullptr;
  float scale = 1.0f;
  /** f32 and bytes for all keys, one pointer a row; null: none. */
  const char* const* bias = nullptr;
  const char* const* mask = nullptr;
  /** How many of all keys take part in a row, the first ones. Others are left alone. */
  const int64_t* visible = nullptr;
  /** Key j of row r is terms[r * stride + j]; up to 15 terms more may be written. */
  float* terms = nullptr;
  int64_t stride = 0;
  /** [rows][16] greatest terms so far, each of every sixteenth key; NaNs are left out. Not read where first is 0. */
  float* greatest = nullptr;
};

/** From the terms of some queries' softmax to its exponentials, in place, and the factors that make probabilities. */
struct ExponentialStep {
  /** As ScoreStep left them. */
  float* terms = nullptr;
  int64_t stride = 0;
  int rows = 0;
  const float* greatest = nullptr;
  const int64_t* visible = nullptr;
  /** Keys of the whole softmax, those without a term included: they decide the order of the sum. */
  int64_t keys = 0;
  /** One a row: 0 where no key takes part, NaN where the row is NaN. */
  float* factors = nullptr;
};

/** From exponentials to codes of probabilities, as u8. */
struct ProbabilityStep {
  const float* exponentials = nullptr;
  int64_t stride = 0;
  int rows = 0;
  const float* factors = nullptr;
  const int64_t* visible = nullptr;
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 255.0f};
  /** Codes for all rows, this many each: those beyond the visible ones, or of a row without terms, are code_of_zero. */
  int64_t keys = 0;
  uint8_t code_of_zero = 0;
  /** Up to 15 more than keys may be written. Any code where the factor is NaN. */
  uint8_t* codes = nullptr;
  int64_t codes_stride = 0;
};

struct ProductKernels {
  void (*panel_of_columns)(const PanelBytes& bytes);
  void (*panel_of_rows)(const PanelBytes& bytes);
  void (*scores)(const ScoreStep& step);
  void (*exponentials)(const ExponentialStep& step);
  void (*probabilities)(const ProbabilityStep& step);
};

const ProductKernels& PortableProductKernels();
#if defined(OCTET_HAVE_X86)
const ProductKernels& Avx2ProductKernels();
const ProductKernels& Avx512ProductKernels();
#endif

/** The kernels of the instruction set in use. */
const ProductKernels& CurrentProductKernels();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_PRODUCT_KERNELS_H_
