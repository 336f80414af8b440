// SPDX-License-Identifier: Apache-2.0
// What products of floats cost, held to a table: instructions of a warp for a tile of 16 k, of which the multiply-adds
// are what the contract asks for; shared memory has no conflicts, and global memory is read and written in whole
// sectors.
#include <gtest/gtest.h>

#include "cuda/counters.h"
#include "cuda/gemm_on_device.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

class CudaGemmFloatCounters : public testing::Test {
 protected:
  void SetUp() override {
    octet_cuda_properties properties;
    ASSERT_OK(octet_cuda_device_properties(0, &properties));
    if (std::string(properties.name).find("vgpu") == std::string::npos) {
      GTEST_SKIP() << properties.name << " does not count what kernels do";
    }
  }

  /** A product of a kernel with weights of codes (kind of kWeightKinds) or floats (-1). */
  Counters Count(const char* kernel, int64_t m, int64_t n, int64_t k, int kind, DLDataType a_type,
                 DLDataType out_type) {
    const ForcedKernel forced(kernel, 1);
    std::unique_ptr<DeviceWeights> codes;
    Aligned handle(OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES);
    std::unique_ptr<DeviceMemory> block;
    if (kind >= 0) {
      Weights weights(n, k, kWeightKinds[kind], 5);
      weights.Pack();
      codes = std::make_unique<DeviceWeights>(weights);
    } else {
      Tensor weights(kF32, {n, k});
      weights.Fill(RandomValues(n * k, 1.0f, 9));
      size_t bytes = 0;
      EXPECT_OK(octet_gemm_float_pack_size(weights.dl(), &bytes));
      const Aligned packed(bytes);
      EXPECT_OK(octet_gemm_float_pack(weights.dl(), packed.data(), bytes));
      EXPECT_OK(octet_gemm_float_device_size(packed.data(), bytes, &bytes));
      block = std::make_unique<DeviceMemory>(bytes);
      EXPECT_OK(
          octet_gemm_float_to_device(packed.data(), packed.size(), 0, block->data(), bytes, handle.data(), nullptr));
    }
    const void* weights = kind >= 0 ? codes->handle() : handle.data();
    Tensor a(a_type, {m, k});
    a.Fill(RandomValues(m * k, 1.0f, 3));
    Tensor out(out_type, {m, n});
    OnDevice a_device(&a);
    OnDevice out_device(&out);
    TakeCounters();
    EXPECT_OK(octet_gemm_float(a_device.dl(), nullptr, weights, handle.size(), nullptr, out_device.dl(), nullptr, 0,
                               nullptr));
    const Counters counters = TakeCounters();
    EXPECT_EQ(counters.launches, 1);
    return counters;
  }
};

/**
 * Instructions of a warp for 16 k beside the multiply-adds, of PTX: in it a loop copies the sums that it goes around
 * with, twice in four k, which machine code does not.
 */
struct Row {
  const char* kernel;
  int64_t side;
  int kind;
  int64_t multiply_adds;
  double others;
};

constexpr Row kRows[] = {
    {"float_128x128", 128, -1, 1024, 600.0},
    {"float_128x128", 128, 0, 1024, 600.0},
    {"float_64x64", 64, -1, 256, 380.0},
    {"float_64x64", 64, 0, 256, 380.0},
};

TEST_F(CudaGemmFloatCounters, MainLoopsCostWhatTheTableSays) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(std::string(row.kernel) + ", kind " + std::to_string(row.kind));
    const Counters shorter = Count(row.kernel, row.side, row.side, 256, row.kind, kF32, kF32);
    const Counters longer = Count(row.kernel, row.side, row.side, 512, row.kind, kF32, kF32);
    const double tiles = static_cast<double>(longer.warps) * 16.0;
    const double all = static_cast<double>(longer.warp_instructions - shorter.warp_instructions) / tiles;
    EXPECT_GE(all, static_cast<double>(row.multiply_adds));
    EXPECT_LE(all - static_cast<double>(row.multiply_adds), row.others);
  }
}

TEST_F(CudaGemmFloatCounters, SharedMemoryHasNoConflictsAndGlobalMemoryWholeSectors) {
  for (const Row& row : kRows) {
    for (DLDataType type : kFloatTypes) {
      SCOPED_TRACE(std::string(row.kernel) + ", kind " + std::to_string(row.kind) + ", " + TypeName(type));
      const int64_t side = 2 * row.side;
      const Counters tile = Count(row.kernel, side, side, 256, row.kind, type, type);
      EXPECT_EQ(tile.conflicts, 0);
      EXPECT_EQ(tile.store.bytes, side * side * (type.bits / 8));
      EXPECT_EQ(tile.store.sectors * 32, tile.store.bytes);
      // Codes are read 16 of a row at a time, half a sector, of which the first-level cache keeps the other half.
      if (row.kind < 0) {
        EXPECT_EQ(tile.load.sectors * 32, tile.load.bytes);
      }
    }
  }
}

TEST_F(CudaGemmFloatCounters, FewRowsReadWeightsOnce) {
  constexpr int64_t kColumns = 256, kDepth = 2048;
  for (int64_t m : {1, 8}) {
    for (int kind : {-1, 0, 4}) {
      SCOPED_TRACE(std::to_string(m) + " rows, kind " + std::to_string(kind));
      const Counters kernel = Count("float_vector", m, kColumns, kDepth, kind, kF32, kF32);
      EXPECT_EQ(kernel.conflicts, 0);
      const int64_t weights = kColumns * kDepth * (kind < 0 ? 32 : kind == 0 ? 8 : 4) / 8;
      // Each of the two thread blocks reads the left operand.
      EXPECT_LE(kernel.load.sectors * 32, weights + 2 * m * kDepth * 4 + kColumns * 8);
      EXPECT_EQ(kernel.store.sectors * 32, m * kColumns * 4);
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
