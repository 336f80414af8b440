// SPDX-License-Identifier: Apache-2.0
// What attention costs, held to a table: products and loads of fragments and copies for each tile of 64 keys and warp
// are exact, all other instructions have a bound; shared memory has no conflicts, and global memory is read and written
// in whole sectors.
#include <gtest/gtest.h>

#include <cstdio>

#include "cuda/counters.h"
#include "cuda/gemm_on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Counts for each tile of keys and warp of 16 queries. */
struct Costs {
  int64_t mma;
  int64_t ldmatrix;
  int64_t copies;
  /** Bound of all other instructions, of PTX, for each of a thread's 32 scores. */
  double others;
};

struct Row {
  int64_t dim;
  /** Where terms are kept in shared memory, and where scores are made three times. */
  Costs kept;
  Costs again;
};

constexpr Row kRows[] = {
    {32, {16, 9, 4, 56.0}, {32, 19, 8, 98.0}},
    {64, {32, 18, 4, 58.0}, {64, 38, 8, 102.0}},
    {128, {64, 36, 8, 68.0}, {128, 76, 16, 120.0}},
};

constexpr int64_t kQueries = 128;

/** Counters of attention whose keys are cut into so many parts; 0: as the heuristics say. */
Counters Count(int64_t queries, int64_t dim, int64_t keys, DLDataType out_type, int32_t parts) {
  const ForcedKernel forced("", parts);
  Tensor q(kS8, {1, 1, queries, dim}), k(kS8, {1, 1, keys, dim}), v(kS8, {1, 1, keys, dim});
  uint32_t seed = 1;
  for (Tensor* tensor : {&q, &k, &v}) tensor->Fill(RandomCodes(tensor->count(), -128, 127, seed++));
  Tensor out(out_type, q.shape());
  OnDevice q_device(&q), k_device(&k), v_device(&v), out_device(&out);
  const TensorGrid grid(kS8, 0.05f, 0.0f);
  octet_softmax_terms terms = {};
  terms.scale = 0.02f;
  octet_attention_inputs inputs = {};
  inputs.q = q_device.dl();
  inputs.k = k_device.dl();
  inputs.v = v_device.dl();
  inputs.q_grid = inputs.k_grid = inputs.v_grid = grid.get();
  inputs.terms = &terms;
  size_t bytes = 0;
  EXPECT_OK(octet_attention_workspace_size(&inputs, &bytes));
  const DeviceMemory workspace(bytes);
  TakeCounters();
  EXPECT_OK(octet_attention(&inputs, out_device.dl(), out_type.bits == 8 ? grid.get() : nullptr, workspace.data(),
                            bytes, nullptr));
  return TakeCounters();
}

/** Of the kernel that has all keys of a row in one block. */
Counters Count(int64_t dim, int64_t keys, DLDataType out_type) {
  const Counters counters = Count(kQueries, dim, keys, out_type, 1);
  EXPECT_EQ(counters.launches, 1);
  return counters;
}

void Holds(int64_t dim, int64_t keys, const Costs& costs) {
  SCOPED_TRACE(std::to_string(dim) + " dimensions, " + std::to_string(keys) + " keys");
  const Counters shorter = Count(dim, keys, kF32);
  const Counters longer = Count(dim, keys + 64, kF32);
  const int64_t mma = longer.mma - shorter.mma;
  const int64_t ldmatrix = longer.ldmatrix - shorter.ldmatrix;
  const int64_t copies = longer.cp_async - shorter.cp_async;
  EXPECT_EQ(mma, shorter.warps * costs.mma);
  EXPECT_EQ(ldmatrix, shorter.warps * costs.ldmatrix);
  EXPECT_EQ(copies, shorter.warps * costs.copies);
  const int64_t all = longer.warp_instructions - shorter.warp_instructions;
  EXPECT_LE(static_cast<double>(all - mma - ldmatrix - copies) / static_cast<double>(32 * shorter.warps), costs.others);
}

class CudaAttentionCounters : public testing::Test {
 protected:
  void SetUp() override {
    octet_cuda_properties properties;
    ASSERT_OK(octet_cuda_device_properties(0, &properties));
    if (std::string(properties.name).find("vgpu") == std::string::npos) {
      GTEST_SKIP() << properties.name << " does not count what kernels do";
    }
    if (properties.major < 8) GTEST_SKIP() << "the table is of kernels for sm_80 and later";
  }
};

TEST_F(CudaAttentionCounters, TilesOfKeysCostWhatTheTableSays) {
  for (const Row& row : kRows) {
    Holds(row.dim, 64, row.kept);
    Holds(row.dim, 512, row.again);
  }
}

TEST_F(CudaAttentionCounters, SharedMemoryHasNoConflictsAndGlobalMemoryWholeSectors) {
  for (const Row& row : kRows) {
    for (DLDataType out_type : {kS8, kF16, kF32}) {
      SCOPED_TRACE(std::to_string(row.dim) + " dimensions to " + TypeName(out_type));
      const Counters counters = Count(row.dim, 128, out_type);
      EXPECT_EQ(counters.conflicts, 0);
      EXPECT_EQ(counters.store.bytes, kQueries * row.dim * (out_type.bits / 8));
      EXPECT_EQ(counters.store.sectors * 32, counters.store.bytes);
      EXPECT_EQ(counters.load.sectors * 32, counters.load.bytes);
      // Queries once, keys and values once for each 64 queries.
      EXPECT_EQ(counters.load.bytes, row.dim * (kQueries + kQueries / 64 * 2 * 128));
    }
  }
}

// Keys and values are read once, and terms of the rows that there are go through memory: written once, read twice.
TEST_F(CudaAttentionCounters, KeysInPartsAreReadOnce) {
  constexpr int64_t kDim = 128;
  constexpr int64_t kKeys = 4096;
  for (int64_t queries : {1, 8}) {
    SCOPED_TRACE(std::to_string(queries) + " queries");
    const Counters counters = Count(queries, kDim, kKeys, kS8, 0);
    EXPECT_EQ(counters.launches, 3);
    EXPECT_EQ(counters.conflicts, 0);
    const int64_t codes = 2 * kKeys * kDim;
    const int64_t terms = queries * kKeys * 4;
    const int64_t parts = kKeys / 128;
    // Queries for every part, and what turns parts into rows: greatest terms, sums of blocks, and sums of the last one.
    const int64_t rows = 64 * kDim * parts + queries * (parts * 4 * 40 + 4 * kDim + 64);
    std::printf("%d queries: loads %lld of %lld bytes, %lld sectors, stores %lld\n", static_cast<int>(queries),
                static_cast<long long>(counters.load.bytes), static_cast<long long>(codes + 2 * terms),
                static_cast<long long>(counters.load.sectors), static_cast<long long>(counters.store.bytes));
    EXPECT_GE(counters.load.bytes, codes + 2 * terms);
    EXPECT_LE(counters.load.bytes, codes + 2 * terms + rows);
    // Sums of blocks are stored one by one.
    EXPECT_LE(counters.store.sectors * 32, counters.store.bytes + queries * (kKeys / 1024) * (32 - 4));
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
