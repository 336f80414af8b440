// SPDX-License-Identifier: Apache-2.0
// What the main loops cost, held to a table: products of fragments, loads of fragments and copies for each step of 32 K
// and warp are exact, all other instructions have a bound; shared memory has no conflicts anywhere, and global memory
// is read and written in whole sectors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
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
  /** Output of two tiles by two; swapped tiles have all activations. */
  int64_t m;
  int64_t n;
  int64_t mma;
  int64_t ldmatrix;
  double copies;
  /** Bound of all other instructions, of PTX: addresses that a machine instruction has in itself count as well. */
  double others;
  /** Of a weight. */
  int bits = 8;
};

// sm_80 and later: mma.m16n8k32. Half-byte weights take four instructions for each fragment of two products' columns.
constexpr Row kRows[] = {
    {"256x128", 512, 256, 32, 8, 3.0, 12.0},
    {"128x128", 256, 256, 32, 8, 4.0, 12.5},
    {"128x128_shallow", 256, 256, 32, 8, 4.0, 12.5},
    {"128x64", 256, 128, 16, 6, 3.0, 12.0},
    {"64x64", 128, 128, 8, 4, 2.0, 11.5},
    {"32x64_swapped", 32, 128, 4, 3, 1.5, 11.5},
    {"16x128_swapped", 16, 256, 4, 3, 2.25, 11.0},
    {"256x128", 512, 256, 32, 6, 2.5, 36.5, 4},
    {"128x128", 256, 256, 32, 6, 3.0, 37.5, 4},
    {"128x128_shallow", 256, 256, 32, 6, 3.0, 37.5, 4},
    {"128x64", 256, 128, 16, 5, 2.5, 25.0, 4},
    {"64x64", 128, 128, 8, 3, 1.5, 24.0, 4},
    {"32x64_swapped", 32, 128, 4, 2, 1.0, 23.5, 4},
    {"16x128_swapped", 16, 256, 4, 2, 1.25, 24.0, 4},
};

// sm_75: mma.m8n8k16, and copies through registers, which are among the other instructions.
constexpr Row kTuringRows[] = {
    {"turing_128x128", 256, 256, 128, 8, 0.0, 37.5},     {"turing_64x64", 128, 128, 32, 4, 0.0, 26.5},
    {"turing_32x64_swapped", 32, 128, 16, 3, 0.0, 21.5}, {"turing_128x128", 256, 256, 128, 6, 0.0, 59.0, 4},
    {"turing_64x64", 128, 128, 32, 3, 0.0, 37.5, 4},     {"turing_32x64_swapped", 32, 128, 16, 2, 0.0, 32.5, 4},
};

constexpr WeightKind kHalfBytes = {kS8, OCTET_WEIGHTS_4_BIT, -8, 7, false, true};

Counters Count(const Row& row, int64_t k, DLDataType out_type, int32_t parts = 1) {
  const ForcedKernel forced(row.kernel, parts);
  Weights weights(row.n, k, row.bits == 8 ? kWeightKinds[0] : kHalfBytes, 5);
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
  return counters;
}

class CudaGemmCounters : public testing::Test {
 protected:
  void SetUp() override {
    octet_cuda_properties properties;
    ASSERT_OK(octet_cuda_device_properties(0, &properties));
    if (std::string(properties.name).find("vgpu") == std::string::npos) {
      GTEST_SKIP() << properties.name << " does not count what kernels do";
    }
    major_ = properties.major;
    if (major_ < 8) {
      rows_.assign(std::begin(kTuringRows), std::end(kTuringRows));
    } else {
      rows_.assign(std::begin(kRows), std::end(kRows));
    }
  }

  bool HasHopper() const { return major_ == 9; }

  int major_ = 0;
  /** Of the device's kernels whose warps multiply. */
  std::vector<Row> rows_;
};

TEST_F(CudaGemmCounters, TheTableHasEveryTile) {
  for (const std::string& kernel : GemmKernelNames()) {
    // Whose warps do not multiply: those have tables of their own.
    if (kernel == "matrix_vector" || kernel.rfind("hopper_", 0) == 0) continue;
    // Of convolutions alone: conv2d_counters_test.cc.
    if (kernel == "256x64_pixels") continue;
    for (int bits : {8, 4}) {
      EXPECT_TRUE(std::any_of(rows_.begin(), rows_.end(),
                              [&](const Row& row) { return row.kernel == kernel && row.bits == bits; }))
          << kernel << ", weights of " << bits << " bits";
    }
  }
}

TEST_F(CudaGemmCounters, MainLoopsCostWhatTheTableSays) {
  std::printf("%-22s %4s %6s %8s %6s %6s\n", "a warp and step of 32 K", "bits", "mma", "ldmatrix", "copies", "others");
  for (const Row& row : rows_) {
    SCOPED_TRACE(std::string(row.kernel) + ", weights of " + std::to_string(row.bits) + " bits");
    // A whole number of turns of the loop, which takes two tiles at a time.
    const Counters shorter = Count(row, 1024, kS8);
    const Counters longer = Count(row, 1536, kS8);
    const auto steps = static_cast<double>(longer.warps * (1536 - 1024) / 32);
    const int64_t mma = longer.mma - shorter.mma;
    const int64_t ldmatrix = longer.ldmatrix - shorter.ldmatrix;
    const int64_t copies = longer.cp_async - shorter.cp_async;
    const int64_t all = longer.warp_instructions - shorter.warp_instructions;
    const double others = static_cast<double>(all - mma - ldmatrix - copies) / steps;
    std::printf("%-22s %4d %6.1f %8.1f %6.2f %6.2f\n", row.kernel, row.bits, static_cast<double>(mma) / steps,
                static_cast<double>(ldmatrix) / steps, static_cast<double>(copies) / steps, others);
    EXPECT_EQ(static_cast<double>(mma), steps * static_cast<double>(row.mma));
    EXPECT_EQ(static_cast<double>(ldmatrix), steps * static_cast<double>(row.ldmatrix));
    EXPECT_EQ(static_cast<double>(copies), steps * row.copies);
    EXPECT_LE(others, row.others);
  }
}

/** Of the sm_90a kernels: products of a warpgroup for each step of 32 K and block, and loads of fragments. */
struct GroupRow {
  Row row;
  int64_t wgmma;
  int64_t ldmatrix;
};

constexpr GroupRow kGroupRows[] = {
    {{"hopper_128x256", 256, 512, 0, 0, 0, 0.0}, 2, 0},
    {{"hopper_128x128_turns", 256, 256, 0, 0, 0, 0.0}, 2, 0},
    // Half bytes of 256 weights: a load has two steps of 16 of them.
    {{"hopper_128x256_half_bytes", 256, 512, 0, 0, 0, 0.0, 4}, 4, 8},
};

TEST_F(CudaGemmCounters, WarpgroupsMultiplyFromSharedMemoryThatTheyDoNotFill) {
  if (!HasHopper()) GTEST_SKIP() << "kernels of sm_90a";
  for (const GroupRow& group : kGroupRows) {
    SCOPED_TRACE(group.row.kernel);
    const Counters shorter = Count(group.row, 1024, kS8);
    const Counters longer = Count(group.row, 1536, kS8);
    // Waiting warps ask again and again, so the number of all instructions depends on the schedule.
    const int64_t steps = longer.warps / 12 * (1536 - 1024) / 32;
    EXPECT_EQ(longer.mma - shorter.mma, steps * group.wgmma);
    EXPECT_EQ(longer.ldmatrix - shorter.ldmatrix, steps * group.ldmatrix);
    EXPECT_EQ(longer.cp_async, 0);
    // Operands come by TMA: loads are of the epilogue alone, and do not depend on K.
    EXPECT_EQ(longer.load.bytes, shorter.load.bytes);
    EXPECT_EQ(longer.load.requests, shorter.load.requests);
  }
}

TEST_F(CudaGemmCounters, LargeProductsAreMadeByWarpgroups) {
  if (!HasHopper()) GTEST_SKIP() << "kernels of sm_90a";
  const Counters kernel = Count({"", 8448, 512, 0, 0, 0, 0.0}, 704, kS8);
  EXPECT_EQ(kernel.ldmatrix, 0);
  EXPECT_GT(kernel.mma, 0);
}

TEST_F(CudaGemmCounters, FewTilesOfALongKAreCutForWarpgroups) {
  if (!HasHopper()) GTEST_SKIP() << "kernels of sm_90a";
  // Eight tiles of 128 x 128 for 132 multiprocessors.
  const Counters kernel = Count({"", 256, 512, 0, 0, 0.0, 0.0}, 16384, kS8, 0);
  EXPECT_EQ(kernel.ldmatrix, 0);
  // Products of 64 x 128 x 32: nothing is multiplied twice, whatever the number of parts.
  EXPECT_EQ(kernel.mma, 256 / 64 * (512 / 128) * (16384 / 32));
  const int64_t blocks = kernel.warps / 12;
  EXPECT_EQ(blocks, 8 * 16) << "parts of K";
}

TEST_F(CudaGemmCounters, SharedMemoryHasNoConflictsAndGlobalMemoryWholeSectors) {
  std::vector<Row> rows = rows_;
  if (HasHopper()) {
    for (const GroupRow& group : kGroupRows) rows.push_back(group.row);
  }
  for (const Row& row : rows) {
    for (DLDataType out_type : {kS8, kF16, kF32}) {
      SCOPED_TRACE(std::string(row.kernel) + " to " + TypeName(out_type));
      const Counters tile = Count(row, 256, out_type);
      EXPECT_EQ(tile.conflicts, 0);
      EXPECT_EQ(tile.store.bytes, row.m * row.n * (out_type.bits / 8));
      EXPECT_EQ(tile.store.sectors * 32, tile.store.bytes);
      // Operands are copied in whole sectors; parameters of columns, 16 bytes a thread, are read by several rows of
      // threads at once and count for each of them.
      EXPECT_LE(tile.load.sectors * 32, tile.load.bytes);
    }
  }
}

/** The kernel for up to eight rows. */
struct VectorRow {
  int64_t m;
  int bits;
  /** Bound of the instructions for each 512 bytes of weights (a warp's load) and column. */
  double instructions;
};

constexpr VectorRow kVectorRows[] = {
    {1, 8, 11.5}, {2, 8, 20.0}, {4, 8, 27.0}, {8, 8, 63.6}, {1, 4, 29.8}, {2, 4, 52.2}, {4, 4, 71.4}, {8, 4, 126.4},
};

TEST_F(CudaGemmCounters, MatrixVectorReadsWeightsOnce) {
  for (const VectorRow& row : kVectorRows) {
    SCOPED_TRACE("M " + std::to_string(row.m) + ", weights of " + std::to_string(row.bits) + " bits");
    const Row shape = {"matrix_vector", row.m, 256, 0, 0, 0.0, 0.0, row.bits};
    // Two turns and four, both whole ones of a loop that is unrolled twice.
    const int64_t k = 4096 * (8 / row.bits);
    const Counters shorter = Count(shape, k, kF32);
    const Counters longer = Count(shape, 2 * k, kF32);
    EXPECT_EQ(longer.conflicts, 0);
    const int64_t weights = shape.n * 4096;
    // Activations, a byte each, are read by every warp, which has four columns: from the cache.
    const int64_t activations = shape.n / 4 * row.m * k;
    EXPECT_EQ(longer.load.bytes - shorter.load.bytes, weights + activations);
    // Half bytes: the activations of a lane's weights are 32 bytes, which two loads read a half of each.
    EXPECT_EQ((longer.load.sectors - shorter.load.sectors) * 32, weights + activations * (8 / row.bits));
    const double loads = static_cast<double>(weights) / 512.0;
    const double instructions = static_cast<double>(longer.warp_instructions - shorter.warp_instructions) / loads;
    std::printf("matrix_vector, M %lld, %d bits: %.1f instructions for 512 bytes of weights\n",
                static_cast<long long>(row.m), row.bits, instructions);
    EXPECT_LE(instructions, row.instructions);
  }
}

/** Of 16 products of s8 in one launch of octet_matmul, whose right operands are read as they are. */
Counters CountBatch(int64_t m, int64_t n, int64_t k) {
  Tensor a(kS8, {16, m, k});
  Tensor b(kS8, {16, n, k});
  a.Fill(RandomCodes(a.count(), -128, 127, 1));
  b.Fill(RandomCodes(b.count(), -128, 127, 2));
  Tensor out(kF32, {16, m, n});
  OnDevice a_device(&a), b_device(&b), out_device(&out);
  Tensor delta = Tensor::Scalar(0.01f);
  const octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  size_t bytes = 0;
  EXPECT_OK(octet_matmul_workspace_size(a_device.dl(), b_device.dl(), 1, &bytes));
  const DeviceMemory workspace(bytes);
  TakeCounters();
  EXPECT_OK(octet_matmul(a_device.dl(), &grid, b_device.dl(), &grid, 1, nullptr, out_device.dl(), workspace.data(),
                         bytes, nullptr));
  return TakeCounters();
}

TEST_F(CudaGemmCounters, OneRowOfAnyLengthIsReadWhereItLies) {
  if (major_ < 8) GTEST_SKIP() << "loads into registers are not cut at the end of a row of any length";
  // Compact, so with a stride that is no multiple of 16 bytes; Count expects a single launch.
  for (int64_t k : {100, 1000, 4097}) Count({"matrix_vector", 1, 64, 0, 0, 0.0, 0.0}, k, kF32);
}

TEST_F(CudaGemmCounters, BatchesOfFewRowsAreVectorsByMatrices) {
  for (int64_t m : {1, 8}) {
    SCOPED_TRACE("M " + std::to_string(m));
    const Counters deep = CountBatch(m, 64, 1024);
    EXPECT_EQ(deep.mma, 0);
    EXPECT_EQ(deep.launches, 2) << "sums of columns, and the products";
    EXPECT_EQ(deep.conflicts, 0);
    // Sums of columns and products read the right operands once each; the left ones, a byte each, are read by every
    // warp, which has four columns.
    const int64_t operands = 16 * 1024 * (2 * 64 + 64 / 4 * m);
    EXPECT_GE(deep.load.bytes, operands);
    EXPECT_LE(deep.load.bytes, operands + operands / 10);
    EXPECT_GT(CountBatch(m, 64, 64).mma, 0) << "short K";
  }
  EXPECT_GT(CountBatch(9, 64, 2048).mma, 0);
}

}  // namespace
}  // namespace test
}  // namespace octet
