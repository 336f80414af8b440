// SPDX-License-Identifier: Apache-2.0
// What convolutions cost, held to tables, as gemm_counters_test.cc does it for products.
#include <cstdio>

#include "cuda/conv2d_on_device.h"
#include "cuda/counters.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Counts for each step of 32 K and warp, of a convolution of 3 x 3 taps. */
struct Row {
  const char* kernel;
  int major;
  int64_t mma;
  int64_t ldmatrix;
  double copies;
  /** Bound of all other instructions, of PTX: some eight for each copy of pixels, whether they lie in the image. */
  double others;
};

constexpr Row kRows[] = {
    {"128x128", 8, 32, 8, 4.0, 25.5},       {"128x64", 8, 16, 6, 3.0, 25.0},
    {"256x64_pixels", 8, 32, 8, 5.0, 38.8}, {"turing_128x128", 7, 128, 8, 0.0, 38.1},
    {"turing_64x64", 7, 32, 4, 0.0, 26.0},
};

class CudaConv2dCounters : public testing::Test {
 protected:
  void SetUp() override {
    octet_cuda_properties properties;
    ASSERT_OK(octet_cuda_device_properties(0, &properties));
    if (std::string(properties.name).find("vgpu") == std::string::npos) {
      GTEST_SKIP() << properties.name << " does not count what kernels do";
    }
    major_ = properties.major;
    multiprocessors_ = properties.multiprocessors;
  }

  /** Of codes to codes. */
  static Counters Count(const ConvShape& shape, float zero_point = 0.0f, const WeightKind& kind = kWeightKinds[0]) {
    ConvWeights weights(shape, kind, 5);
    weights.Pack();
    const DeviceFilters filters(weights);
    Tensor delta = Tensor::Scalar(0.01f);
    Tensor zero = Tensor::Scalar(zero_point);
    const octet_grid grid = {delta.dl(), zero.dl(), -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
    Tensor x(kS8, {shape.n, shape.h, shape.w, shape.c});
    x.Fill(RandomCodes(x.count(), -128, 127, 3));
    Tensor out(kS8, {shape.n, shape.out_h(), shape.out_w(), shape.out_c});
    OnDevice x_device(&x);
    OnDevice out_device(&out);
    octet_epilogue epilogue = {};
    epilogue.out_grid = &grid;
    TakeCounters();
    EXPECT_OK(RunWhereItIs(x_device.dl(), &grid, weights, filters, &epilogue, out_device.dl()));
    return TakeCounters();
  }

  int major_ = 0;
  int64_t multiprocessors_ = 0;
};

TEST_F(CudaConv2dCounters, MainLoopsCostWhatTheTableSays) {
  for (const Row& row : kRows) {
    if ((row.major < 8) != (major_ < 8)) continue;
    SCOPED_TRACE(row.kernel);
    const ForcedKernel forced(row.kernel, 1);
    const Counters shorter = Count({1, 16, 32, 64, 256, 3, 3, Params(1, 1)});
    const Counters longer = Count({1, 16, 32, 128, 256, 3, 3, Params(1, 1)});
    EXPECT_EQ(longer.launches, 1) << "the input is read as it is";
    const auto steps = static_cast<double>(longer.warps * 9 * (128 - 64) / 32);
    const int64_t mma = longer.mma - shorter.mma;
    const int64_t ldmatrix = longer.ldmatrix - shorter.ldmatrix;
    const int64_t copies = longer.cp_async - shorter.cp_async;
    const int64_t all = longer.warp_instructions - shorter.warp_instructions;
    const double others = static_cast<double>(all - mma - ldmatrix - copies) / steps;
    std::printf("conv2d 3 x 3, %-16s mma %.1f, ldmatrix %.1f, copies %.2f, others %.2f\n", row.kernel,
                static_cast<double>(mma) / steps, static_cast<double>(ldmatrix) / steps,
                static_cast<double>(copies) / steps, others);
    EXPECT_EQ(static_cast<double>(mma), steps * static_cast<double>(row.mma));
    EXPECT_EQ(static_cast<double>(ldmatrix), steps * static_cast<double>(row.ldmatrix));
    EXPECT_EQ(static_cast<double>(copies), steps * row.copies);
    EXPECT_LE(others, row.others);
    EXPECT_EQ(longer.conflicts, 0);
    EXPECT_LE(longer.load.sectors * 32, longer.load.bytes);
    EXPECT_EQ(longer.store.sectors * 32, longer.store.bytes);
  }
}

TEST_F(CudaConv2dCounters, WarpgroupsReadTheInputAsItIs) {
  if (major_ != 9) GTEST_SKIP() << "kernels of sm_90a";
  for (const char* kernel : {"hopper_128x256", "hopper_128x128_turns"}) {
    SCOPED_TRACE(kernel);
    const ForcedKernel forced(kernel, 1);
    for (int64_t channels : {32, 64, 128}) {
      // Two boxes of 32 x 4 or 16 x 8 pixels, and 256 channels.
      const Counters layer = Count({1, 8, 32, channels, 256, 3, 3, Params(1, 1)});
      EXPECT_EQ(layer.launches, 1) << "zeros stand for padding";
      // A stage is filled with taps one after the other; the last one may have zeros after them.
      const int64_t stages = (9 * channels + 127) / 128;
      EXPECT_EQ(layer.mma, 2 * 128 / 64 * stages * 4 * (kernel == std::string("hopper_128x256") ? 1 : 2));
      EXPECT_EQ(layer.ldmatrix, 0);
      EXPECT_EQ(layer.cp_async, 0);
      EXPECT_EQ(layer.conflicts, 0);
      EXPECT_EQ(layer.store.bytes, 8 * 32 * 256);
      EXPECT_EQ(layer.store.sectors * 32, layer.store.bytes);
    }
  }
}

TEST_F(CudaConv2dCounters, LargeLayersAreMadeByWarpgroupsWhereThatTakesNoPass) {
  if (major_ != 9) GTEST_SKIP() << "kernels of sm_90a";
  const ConvShape shape = {4, 32, 32, 32, 512, 3, 3, Params(1, 1)};
  const Counters zeros = Count(shape);
  EXPECT_EQ(zeros.launches, 1);
  EXPECT_EQ(zeros.ldmatrix, 0);
  EXPECT_GT(zeros.mma, 0);
  // Padding of other codes would have to be written around the image first.
  const Counters codes = Count(shape, 3.0f);
  EXPECT_EQ(codes.launches, 1);
  EXPECT_GT(codes.ldmatrix, 0);
}

TEST_F(CudaConv2dCounters, FewChannelsTakeTheTileThatFillsTheDevice) {
  if (major_ < 8) GTEST_SKIP() << "tiles of sm_80 and later";
  // A tile of so many pixels and 64 channels for each multiprocessor, whose block has four warps: 128x64,
  // 256x64_pixels.
  for (int64_t pixels : {128, 256}) {
    SCOPED_TRACE(pixels);
    const Counters layer = Count({1, multiprocessors_, pixels, 16, 64, 1, 1, Params()});
    EXPECT_EQ(layer.warps, 4 * multiprocessors_);
    EXPECT_EQ(layer.mma, multiprocessors_ * (pixels / 16) * (64 / 8) * 2);
  }
}

TEST_F(CudaConv2dCounters, SumsForZeroPointsAreMadeForAllGroupsAtOnce) {
  for (int32_t groups : {1, 4}) {
    const Counters layer = Count({1, 8, 8, 64, 64, 3, 3, Params(1, 1, 1, groups)}, 0.0f, kWeightKinds[2]);
    EXPECT_EQ(layer.launches, 3) << "of channels, of taps, and the product, for " << groups << " groups";
  }
}

TEST_F(CudaConv2dCounters, FirstLayersTakeRowsOfTaps) {
  const char* const kernel = major_ < 8 ? "turing_64x64" : "128x64";
  const ForcedKernel forced(kernel, 1);
  // 7 rows of 7 taps of 3 channels, filled up to 32 codes: 224 K, which is 4 tiles of 64. Tap by tap it would be 784.
  const Counters layer = Count({1, 32, 64, 3, 64, 7, 7, Params(2, 3)});
  EXPECT_EQ(layer.launches, 2) << "rows of taps, and the product";
  const int64_t pixels = 16 * 32;
  const int64_t products = pixels * 64 * 4 * 64;
  EXPECT_EQ(layer.mma, products / (major_ < 8 ? 8 * 8 * 16 : 16 * 8 * 32));
  const int64_t rows_of_taps = 32 * 32;
  EXPECT_EQ(layer.store.bytes, rows_of_taps * 32 + pixels * 64);
  EXPECT_EQ(layer.store.sectors * 32, layer.store.bytes);
}

/** Depthwise convolutions: 64 channels, lines of 16 output pixels, each made by a thread of its own. */
struct DepthwiseRow {
  int64_t size;
  int32_t stride;
  int32_t dilation;
  /** Bounds for each output: instructions, and bytes that threads ask for. */
  double instructions;
  double bytes;
};

constexpr DepthwiseRow kDepthwiseRows[] = {
    {3, 1, 1, 74.0, 4.2},   {3, 2, 1, 75.0, 7.2},   {5, 1, 1, 86.0, 7.0},
    {5, 2, 1, 117.0, 12.0}, {7, 1, 1, 120.0, 10.1}, {3, 1, 2, 144.0, 17.4},
};

TEST_F(CudaConv2dCounters, DepthwiseCostsWhatTheTableSays) {
  const ForcedKernel forced("", 1);
  for (const DepthwiseRow& row : kDepthwiseRows) {
    SCOPED_TRACE(std::to_string(row.size) + " taps, stride " + std::to_string(row.stride) + ", dilation " +
                 std::to_string(row.dilation));
    const auto pad = static_cast<int32_t>(row.size / 2) * row.dilation;
    const int64_t lines = 16;
    const Counters kernel = Count({1, lines * row.stride, 16 * row.stride, 64, 64, row.size, row.size,
                                   Params(row.stride, pad, row.dilation, 64)});
    EXPECT_EQ(kernel.launches, 1) << "the input is read as it is";
    const auto outputs = static_cast<double>(lines * 16 * 64);
    EXPECT_EQ(static_cast<double>(kernel.store.bytes), outputs);
    EXPECT_EQ(kernel.store.sectors * 32, kernel.store.bytes);
    EXPECT_LE(kernel.load.sectors * 32, kernel.load.bytes);
    EXPECT_EQ(kernel.conflicts, 0);
    const double instructions = static_cast<double>(kernel.warp_instructions) * 32 / outputs;
    const double bytes = static_cast<double>(kernel.load.bytes) / outputs;
    std::printf("depthwise %d x %d, stride %d, dilation %d: %.1f instructions and %.2f bytes an output\n",
                static_cast<int>(row.size), static_cast<int>(row.size), row.stride, row.dilation, instructions, bytes);
    EXPECT_LE(instructions, row.instructions);
    EXPECT_LE(bytes, row.bytes);
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
