// SPDX-License-Identifier: Apache-2.0
// What the main loops cost, held to a table: products of fragments, loads of fragments and copies for each step of 32 K
// and warp are exact, all other instructions have a bound; shared memory has no conflicts anywhere, and global memory
// is read and written in whole sectors.
#include <gtest/gtest.h>

#include <iterator>
#include <vector>

#include "cuda/counters.h"
#include "cuda/gemm_on_device.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Counts for each step of 32 K and warp. */
struct Row {
  const char* kernel;
  /** Output of two tiles by two. */
  int64_t m;
  int64_t n;
  int64_t mma;
  int64_t ldmatrix;
  /** In halves: copies are made once in two steps. */
  int64_t half_copies;
  /** Bound of all other instructions, of PTX: addresses that a machine instruction has in itself count as well. */
  double others;
};

constexpr Row kRows[] = {
    {"128x128", 256, 256, 32, 8, 8, 20.0},     {"256x128", 512, 256, 32, 8, 6, 20.0},
    {"128x64", 256, 128, 16, 6, 6, 20.0},      {"64x64", 128, 128, 8, 4, 4, 20.0},
    {"32x64_swapped", 32, 128, 4, 3, 3, 20.0},
};

struct Counted {
  Counters tile;
  int64_t k;
};

Counted Count(const Row& row, int64_t k, DLDataType out_type) {
  const ForcedKernel forced(row.kernel, 1);
  Weights weights(row.n, k, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceWeights on_device(weights);
  Tensor delta = Tensor::Scalar(0.01f);
  const octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const GemmRun run = {&weights, &on_device, &grid};
  Tensor a(kS8, {row.m, k});
  a.Fill(RandomCodes(a.count(), -128, 127, 3));
  Tensor out(out_type, {row.m, row.n});
  OnDevice a_device(&a);
  OnDevice out_device(&out);
  octet_epilogue epilogue = {};
  epilogue.out_grid = out_type.bits == 8 ? &grid : nullptr;
  TakeCounters();
  EXPECT_OK(RunWhereItIs(run, a_device.dl(), &epilogue, out_device.dl()));
  const Counters counters = TakeCounters();
  EXPECT_EQ(counters.launches, 1);
  return {counters, k};
}

class CudaGemmCounters : public testing::Test {
 protected:
  void SetUp() override {
    octet_cuda_properties properties;
    ASSERT_OK(octet_cuda_device_properties(0, &properties));
    if (std::string(properties.name).find("vgpu") == std::string::npos) {
      GTEST_SKIP() << properties.name << " does not count what kernels do";
    }
    if (properties.major < 8) GTEST_SKIP() << "the table is of kernels for sm_80 and later";
    major_ = properties.major;
  }

  bool HasHopper() const { return major_ == 9; }

  int major_ = 0;
};

TEST_F(CudaGemmCounters, MainLoopsCostWhatTheTableSays) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.kernel);
    const Counted shorter = Count(row, 1024, kS8);
    const Counted longer = Count(row, 1536, kS8);
    const int64_t steps = longer.tile.warps * (longer.k - shorter.k) / 32;
    const int64_t mma = longer.tile.mma - shorter.tile.mma;
    const int64_t ldmatrix = longer.tile.ldmatrix - shorter.tile.ldmatrix;
    const int64_t copies = longer.tile.cp_async - shorter.tile.cp_async;
    EXPECT_EQ(mma, steps * row.mma);
    EXPECT_EQ(ldmatrix, steps * row.ldmatrix);
    EXPECT_EQ(2 * copies, steps * row.half_copies);
    const int64_t all = longer.tile.warp_instructions - shorter.tile.warp_instructions;
    EXPECT_LE(static_cast<double>(all - mma - ldmatrix - copies) / static_cast<double>(steps), row.others);
  }
}

/** Of the sm_90a kernels: products of a warpgroup for each step of 32 K and block. */
struct GroupRow {
  Row row;
  int64_t wgmma;
};

constexpr GroupRow kGroupRows[] = {
    {{"hopper_128x256", 256, 512, 0, 0, 0, 0.0}, 2},
    {{"hopper_128x128_turns", 256, 256, 0, 0, 0, 0.0}, 2},
};

TEST_F(CudaGemmCounters, WarpgroupsMultiplyFromSharedMemoryThatTheyDoNotFill) {
  if (!HasHopper()) GTEST_SKIP() << "kernels of sm_90a";
  for (const GroupRow& group : kGroupRows) {
    SCOPED_TRACE(group.row.kernel);
    const Counters shorter = Count(group.row, 1024, kS8).tile;
    const Counters longer = Count(group.row, 1536, kS8).tile;
    // Waiting warps ask again and again, so the number of all instructions depends on the schedule.
    const int64_t blocks = longer.warps / 12;
    EXPECT_EQ(longer.mma - shorter.mma, blocks * (1536 - 1024) / 32 * group.wgmma);
    EXPECT_EQ(longer.ldmatrix, 0);
    EXPECT_EQ(longer.cp_async, 0);
    // Operands come by TMA: loads are of the epilogue alone, and do not depend on K.
    EXPECT_EQ(longer.load.bytes, shorter.load.bytes);
    EXPECT_EQ(longer.load.requests, shorter.load.requests);
  }
}

TEST_F(CudaGemmCounters, LargeProductsAreMadeByWarpgroups) {
  if (!HasHopper()) GTEST_SKIP() << "kernels of sm_90a";
  const Counters kernel = Count({"", 8448, 512, 0, 0, 0, 0.0}, 704, kS8).tile;
  EXPECT_EQ(kernel.ldmatrix, 0);
  EXPECT_GT(kernel.mma, 0);
}

TEST_F(CudaGemmCounters, SharedMemoryHasNoConflictsAndGlobalMemoryWholeSectors) {
  std::vector<Row> rows(std::begin(kRows), std::end(kRows));
  if (HasHopper()) {
    for (const GroupRow& group : kGroupRows) rows.push_back(group.row);
  }
  for (const Row& row : rows) {
    for (DLDataType out_type : {kS8, kF16, kF32}) {
      SCOPED_TRACE(std::string(row.kernel) + " to " + TypeName(out_type));
      const Counters tile = Count(row, 256, out_type).tile;
      EXPECT_EQ(tile.conflicts, 0);
      EXPECT_EQ(tile.store.bytes, row.m * row.n * (out_type.bits / 8));
      EXPECT_EQ(tile.store.sectors * 32, tile.store.bytes);
      // Operands are copied in whole sectors; parameters of columns, 16 bytes a thread, are read by several rows of
      // threads at once and count for each of them.
      EXPECT_LE(tile.load.sectors * 32, tile.load.bytes);
    }
  }
}

TEST_F(CudaGemmCounters, MatrixVectorReadsWeightsOnce) {
  const Row row = {"matrix_vector", 1, 256, 0, 0, 0, 0.0};
  const Counters kernel = Count(row, 4096, kF32).tile;
  EXPECT_EQ(kernel.conflicts, 0);
  const int64_t least = row.n * 4096;
  // Activations are read by every warp, four columns each.
  EXPECT_LE(kernel.load.sectors * 32, least + least / 4 + row.n * 64);
}

}  // namespace
}  // namespace test
}  // namespace octet
