// SPDX-License-Identifier: Apache-2.0
// Activations in the form in which the products read them: rows of codes at multiples of 16 bytes, filled up with zeros
// to a multiple of 16 codes; with sums of the codes of a row and scales of dynamic rows where these are wanted.
//
// A pass of its own over a few MB, bound by memory: what a product reads once or twice for every tile of weights it
// could not quantize while loading without doing it as many times (and s8 goes from global to shared memory without
// passing through registers).
#ifndef OCTET_CUDA_GEMM_READY_ROWS_H_
#define OCTET_CUDA_GEMM_READY_ROWS_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/gemm/epilogue_values.h"
#include "numerics/grid.h"

namespace octet {
namespace cuda {

struct ReadyRows {
  RowsView rows;
  /** Where rows lie, from rows.data on. */
  RowPlaces places;
  int64_t m;
  int32_t k;
  /** For floats. */
  numerics::Step step;
  numerics::Limits limits;
  /** A grid for every row, as in GemmActivations. */
  bool dynamic;
  float eps;
  /** Null: only sums are wanted. Rows of `stride` bytes. */
  int8_t* codes;
  int64_t stride;
  /** [m]; null: not wanted. */
  int32_t* sums;
  /** [m]; with dynamic rows. */
  float* scales;
};

/** Enqueues the pass. m > 0. */
cudaError_t MakeRowsReady(const ReadyRows& ready, cudaStream_t stream);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_READY_ROWS_H_
