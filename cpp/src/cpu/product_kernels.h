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
  /** [rows][16] greatest terms so far, each of every sixteenth key; NaNs are left out. */
  float* greatest = nullptr;
};

struct ProductKernels {
  void (*panel_of_columns)(const PanelBytes& bytes);
  void (*panel_of_rows)(const PanelBytes& bytes);
  void (*scores)(const ScoreStep& step);
  /** greatest[r] = the greatest of ScoreStep::greatest's lanes of row r. */
  void (*greatest)(const float* lanes, int rows, float* greatest);
  /** codes = codes of values * factor, within u8, any code for NaN. Up to 15 more may be written. */
  void (*probabilities)(const float* values, float factor, numerics::Step step, numerics::Limits limits, int64_t count,
                        uint8_t* codes);
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
