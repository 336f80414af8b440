// SPDX-License-Identifier: Apache-2.0
// From the sums of a tile to its place in the output.
#ifndef OCTET_CPU_EPILOGUE_H_
#define OCTET_CPU_EPILOGUE_H_

#include <cstdint>

#include "core/epilogue_view.h"
#include "cpu/epilogue_kernels.h"

namespace octet {
namespace cpu {

/**
 * Runs the epilogue on a tile: step as scaled sums are made, for rows and columns of the
 * output from first_row and first_column on. step.rows is at most kMaxEpilogueRows.
 */
void FinishTile(const EpilogueKernels& kernels, const EpilogueView& epilogue, const ScaleStep& step, int64_t first_row,
                int64_t first_column);

/**
 * Runs what follows the scaling on a tile of values, which are used up: rows of kTileColumns, the first `columns` of
 * them for columns of the output from first_column on. rows is at most kMaxEpilogueRows.
 */
void FinishValues(const EpilogueKernels& kernels, const EpilogueView& epilogue, int rows, int columns,
                  int64_t first_row, int64_t first_column, float* values);

/**
 * Some tiles of matrix products of few groups, which share what an epilogue has to make ready: as much work as a
 * quarter of a tile of codes. With more groups that is little, and sums that stay longer push operands out of the
 * first-level cache.
 */
constexpr int64_t kFewGroups = 128;
constexpr int kMaxEpilogueRows = 56;

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_EPILOGUE_H_
