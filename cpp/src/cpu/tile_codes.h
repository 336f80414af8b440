// SPDX-License-Identifier: Apache-2.0
// The epilogue of most layers in one pass over the sums of a tile: scale, bias, an activation and a factor or a
// residual of codes or neither, and the codes of the result. What depends on the call and the panel alone is made ready
// once (code_epilogue.h). The bits are those of FinishTile (epilogue.h).
#ifndef OCTET_CPU_TILE_CODES_H_
#define OCTET_CPU_TILE_CODES_H_

#include <cstdint>

#include "core/packed_gemm.h"
#include "numerics/epilogue.h"

namespace octet {
namespace cpu {

/** What a panel's sums are made values with. Columns beyond the last one hold anything finite. */
struct PanelValues {
  /** Added to sums: what the zero point of the activations takes off. */
  alignas(64) int32_t start[kPanelColumns];
  /** value = fma(float(sum), scale, bias). */
  alignas(64) float scale[kPanelColumns];
  alignas(64) float bias[kPanelColumns];
  /** What activated values are multiplied by. Not set for calls with neither activation nor factor. */
  alignas(64) float factor[kPanelColumns];
};

/** What PanelValues are made of. Arrays of columns but the bias can be read up to a multiple of 16. */
struct PanelColumns {
  int columns = 0;
  const int32_t* w_sum = nullptr;
  const float* w_scale = nullptr;
  /** Null: 0. Any alignment. */
  const float* bias = nullptr;
  /** Null: 1. Any alignment. */
  const float* factor = nullptr;
  /** Whether there is an activation or a factor. */
  bool activates = false;
  int32_t a_zero = 0;
  float a_scale = 0.0f;
  /** Values of any sum are to be below it in magnitude. */
  float limit = 0.0f;
};

/** Which codes values have: u8 codes, of which the bits of `flip` make s8 ones in the end where these are wanted. */
struct CodeSteps {
  /** The reciprocal of the step's scale in two parts, of a grid for which numerics::FitsQuickGrid. */
  float reciprocal = 0.0f;
  float reciprocal_rest = 0.0f;
  int16_t zero_point = 0;
  uint8_t low = 0;
  uint8_t high = 0;
  uint8_t flip = 0;
  /** Of residual codes once their bits are flipped, which makes them u8. */
  float residual_scale = 0.0f;
  float residual_zero_point = 0.0f;
  uint8_t residual_flip = 0;
};

/** Where a tile's codes go, and what is added to its values. */
struct TileCodes {
  const CodeSteps* steps = nullptr;
  const PanelValues* values = nullptr;
  /** Whether there is an activation or a factor: without a residual, of a whole panel. */
  bool activates = false;
  numerics::Activation activation = numerics::Activation::kNone;
  /** 1 to the panel's. */
  int columns = 0;
  /** At any alignment; bytes from row to row. */
  char* out = nullptr;
  int64_t out_stride = 0;
  /** Codes; null: none. */
  const char* residual = nullptr;
  int64_t residual_stride = 0;
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_TILE_CODES_H_
