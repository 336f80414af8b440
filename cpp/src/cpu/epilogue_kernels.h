// SPDX-License-Identifier: Apache-2.0
// The steps of an epilogue (numerics/epilogue.h) on a tile of sums, compiled once per instruction set. A tile has rows
// of kTileColumns values, of which the first `columns` count; the others hold anything.
#ifndef OCTET_CPU_EPILOGUE_KERNELS_H_
#define OCTET_CPU_EPILOGUE_KERNELS_H_

#include <cstdint>

#include "core/tensor_view.h"
#include "cpu/tile_codes.h"
#include "numerics/epilogue.h"
#include "numerics/grid.h"

namespace octet {
namespace cpu {

constexpr int kTileColumns = 32;

/** What turns sums into floats. Arrays of columns but the bias can be read up to a multiple of 16. */
struct ScaleStep {
  const int32_t* sums = nullptr;
  int rows = 0;
  int columns = 0;
  /** One a column: see numerics::ExactSum. w_zero may be null: all 0. */
  const int32_t* w_sum = nullptr;
  const int32_t* w_zero = nullptr;
  const float* w_scale = nullptr;
  /** Null: 0. Any alignment. */
  const float* bias = nullptr;
  int32_t a_zero = 0;
  /** One a row; not read without w_zero. */
  const int32_t* a_sum = nullptr;
  /** Row r's is a_scale[r * a_scale_step]; the step is 0 or 1. */
  const float* a_scale = nullptr;
  int a_scale_step = 0;
};

/** Rows of the output, or of what is added to it, for a tile. */
struct TileRows {
  /** First element, at any alignment, and bytes to the next row. */
  char* data = nullptr;
  int64_t stride = 0;
  int rows = 0;
  int columns = 0;
  /** For codes. */
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 0.0f};
};

/** Indices, where nothing else is said: position of the type in ElementType, f32 to u8. */
struct EpilogueKernels {
  void (*scale)(const ScaleStep& step, float* values);
  /** What scale and store do, without values in between. Index: s8, u8. */
  void (*scale_to_codes[2])(const ScaleStep& step, const TileRows& out);
  /** The same for f32, with a residual of f32 or, where its data is null, none. */
  void (*scale_to_floats)(const ScaleStep& step, const TileRows& residual, const TileRows& out);
  /** values += bias, one a column. Any alignment. */
  void (*add_bias)(const float* bias, int rows, int columns, float* values);
  /** In place. Index: numerics::Activation. */
  void (*activate[numerics::kActivations])(float* values, int rows, int columns);
  /** values *= factor, one a column. Any alignment. */
  void (*multiply)(const float* factor, int rows, int columns, float* values);
  void (*add[5])(const TileRows& residual, float* values);
  void (*store[5])(const float* values, const TileRows& out);
  /** The epilogue of tile_codes.h on rows of kTileColumns sums, aligned to 64; null: no such kernel. */
  void (*finish_codes)(const int32_t* sums, int rows, const TileCodes& codes);
  /** What it takes for a panel; false where values may reach the limit, or be no numbers. Null like the kernel. */
  bool (*make_panel)(const PanelColumns& panel, PanelValues* values);
};

const EpilogueKernels& ScalarEpilogueKernels();
#if defined(OCTET_HAVE_X86)
const EpilogueKernels& Avx2EpilogueKernels();
const EpilogueKernels& Avx512EpilogueKernels();
#endif

/** The kernels of the instruction set in use. */
const EpilogueKernels& CurrentEpilogueKernels();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_EPILOGUE_KERNELS_H_
