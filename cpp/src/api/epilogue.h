// SPDX-License-Identifier: Apache-2.0
// Checks of what matrix products and convolutions have in common: grids of codes and epilogues.
#ifndef OCTET_API_EPILOGUE_H_
#define OCTET_API_EPILOGUE_H_

#include <initializer_list>

#include "api/check.h"
#include "core/epilogue_view.h"
#include "octet/epilogue.h"

namespace octet {
namespace api {

/** A grid for a whole tensor. */
struct CodeGrid {
  numerics::Step step = {1.0f, 0.0f};
  numerics::Limits limits = {0.0f, 0.0f};
};

/** Whether the ends of a grid are whole numbers within a type: s8, u8, or (any other type) either of them. */
octet_status GridWithinBytes(const Checker& check, const GridView& grid, ElementType type, const GridNames& names);

/** Reads a grid with axis -1 for codes in bytes of the type, or in either type of bytes. */
octet_status ReadCodeGrid(Checker* check, const octet_grid* grid, ElementType type, const GridNames& names,
                          CodeGrid* result);

/** Tensors of an epilogue, for checks of overlap. */
struct EpilogueTensors {
  TensorView out;
  /** Without elements where absent. */
  TensorView bias;
  TensorView factor;
  TensorView residual;
};

/** Whether the last dimension of output and residual may have gaps. */
enum class ColumnStride { kOne, kAny };

/**
 * Checks output and epilogue (null: none) but for the shape of the output, whose last dimension is `columns`. Strides
 * of the view are those of the last dimension but one. groups: of rows, each with columns of parameters of its own.
 */
octet_status ReadEpilogue(Checker* check, const octet_epilogue* epilogue, const DLTensor* out, int64_t columns,
                          EpilogueTensors* tensors, EpilogueView* view, ColumnStride column_stride = ColumnStride::kOne,
                          int64_t groups = 1);

/**
 * Fails if the output shares memory with a tensor that is read, save that it may be the residual. inputs: what the
 * function reads besides the tensors of the epilogue.
 */
octet_status CheckOutputMemory(const Checker& check, const EpilogueTensors& tensors,
                               std::initializer_list<Named> inputs);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_EPILOGUE_H_
