// SPDX-License-Identifier: Apache-2.0
// Launches of products of floats with tiles: the kernel, and where thread blocks share K the pass that adds up.
#ifndef OCTET_CUDA_FLOAT_RUN_H_
#define OCTET_CUDA_FLOAT_RUN_H_

#include "cuda/float/heuristics.h"
#include "cuda/float/tile.h"
#include "cuda/launch.h"

namespace octet {
namespace cuda {

/** What tests and benchmarks have chosen for products of floats. */
ForcedPlan CurrentFloatPlan();

/** Whether sizes are such that rows and thread blocks can be counted in 32 bits; else words. */
octet_status FloatProductFits(const Call* call, int64_t m, int64_t n, int64_t count);

/** Bytes of workspace for a plan; `groups` as in BlockSums. */
int64_t FloatWorkspaceBytes(const FloatPlan& plan, const FloatShape& shape, int64_t rows, int64_t groups);

/** Sums of blocks in the workspace; none if each thread block has all of K. */
BlockSums BlockSumsOf(const FloatPlan& plan, const FloatShape& shape, int64_t rows, int64_t groups, void* workspace);

/** Adds up sums of blocks, if there are any, for a product whose kernel has been launched. */
octet_status FinishFloatProduct(const Call* call, const BlockSums& sums, int64_t blocks, const FloatEpilogue& epilogue);

/** A product, or several of one shape. */
struct FloatRun {
  const Call* call;
  FloatPlan plan;
  FloatOrder order;
  BlockSums block_sums;
  Batch batch;
  FloatEpilogue epilogue;
};

template <typename Left, typename Right>
octet_status RunFloatTiles(const FloatRun& run, const Left& left, const Right& right) {
  FloatTileProblem<Left, Right> problem;
  problem.left = left;
  problem.right = right;
  problem.order = run.order;
  problem.raster = run.plan.raster;
  problem.parts = run.plan.parts;
  problem.block_sums = run.block_sums;
  problem.batch = run.batch;
  problem.epilogue = run.epilogue;
  const cudaError_t error = LaunchFloatTile<Left, Right>({&problem, run.plan.side_parts(), StreamOf(run.call)});
  if (error != cudaSuccess) return Report(run.call, "the kernel FloatTile", error);
  return FinishFloatProduct(run.call, run.block_sums, run.order.all_blocks(), run.epilogue);
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FLOAT_RUN_H_
