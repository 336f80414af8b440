// SPDX-License-Identifier: Apache-2.0
// Sums of products of floats for a tile of the output, in the order of numerics/product.h, compiled once per
// instruction set. Panels are those of core/packed_gemm.h: of up to kPanelColumns columns, with floats in place of
// codes, [k][columns].
#ifndef OCTET_CPU_FLOAT_KERNELS_H_
#define OCTET_CPU_FLOAT_KERNELS_H_

#include <cstdint>

namespace octet {
namespace cpu {

/** Rows that a tile may have in any instruction set. */
constexpr int kMaxFloatRows = 14;

/** A block of products for rows of activations and the columns of one panel. */
struct FloatTile {
  const float* a = nullptr;
  /** Bytes from row to row. */
  int64_t a_stride = 0;
  /** 1 to FloatKernels::max_rows. */
  int rows = 0;
  /** At most numerics::kProductBlock. */
  int64_t k = 0;
  /** [k][columns], aligned to 64. */
  const float* b = nullptr;
  /** Columns of the panel: 16 or 32. */
  int columns = 0;
  /** [rows][kPanelColumns], aligned to 64. */
  float* sums = nullptr;
  /** Whether the sum of the block is added to sums or replaces them. */
  bool add = false;
};

/** Codes of a panel and the parameters of its columns, which can be read up to `columns`. */
struct CodePanel {
  /** s8, aligned to 64: groups of four k as in core/packed_gemm.h. */
  const int8_t* codes = nullptr;
  int columns = 0;
  const float* scales = nullptr;
  /** Null: all 0. */
  const int32_t* zero_points = nullptr;
};

/** A block of products for pixels and the channels of one panel, each channel with its own. */
struct FloatDepthwiseTile {
  const char* a = nullptr;
  /** Bytes from pixel to pixel. */
  int64_t a_stride = 0;
  int rows = 0;
  /** Offsets of taps from a in bytes. */
  const int64_t* tap_offsets = nullptr;
  /** At most numerics::kProductBlock. */
  int64_t taps = 0;
  /** [taps][columns]. */
  const float* b = nullptr;
  int columns = 0;
  float* sums = nullptr;
  bool add = false;
};

struct FloatKernels {
  int max_rows;
  void (*tile)(const FloatTile& tile);
  /** As tile for up to code_rows rows, whose b are the values of codes: they are made in registers. tile.b is unused.
   */
  int code_rows;
  void (*code_tile)(const FloatTile& tile, const CodePanel& panel);
  /** Values of k codes of each column: [k][columns], aligned to 64. */
  void (*dequantize)(const CodePanel& panel, int64_t k, float* values);
  /** Up to kMaxFloatRows rows; up to 15 floats beyond a row's channels may be read. */
  void (*depthwise)(const FloatDepthwiseTile& tile);
};

const FloatKernels& PortableFloatKernels();
#if defined(OCTET_HAVE_X86)
const FloatKernels& Avx2FloatKernels();
const FloatKernels& Avx512FloatKernels();
#endif

/** The kernels of the instruction set in use. */
const FloatKernels& CurrentFloatKernels();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_FLOAT_KERNELS_H_
