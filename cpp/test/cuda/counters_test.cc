// SPDX-License-Identifier: Apache-2.0
// What the memory-bound kernels move, against the least they could: a table of kernel, shape and bounds that are held
// exactly. A row says how many bytes a warp may ask for in all (parameters that each row or chunk reads from the cache,
// like the weights of a normalisation, are counted in), and how much of the touched sectors must be used.
#include <gtest/gtest.h>

#include <cstdio>
#include <functional>

#include "cuda/counters.h"
#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Bounds of a call. Bytes are of all launches together. */
struct Bounds {
  int64_t launches;
  int64_t load_bytes;
  int64_t store_bytes;
  /** Used part of the sectors that loads and stores touch, at least. */
  double load_efficiency = 1.0;
  double store_efficiency = 1.0;
  int64_t conflicts = 0;
};

/**
 * Bounds of the instructions of warps, of PTX, for each KB moved: see PERFORMANCE.md. sm_75 has no conversion to bf16,
 * and takes a few more.
 */
struct Instructions {
  const char* name;
  double bound;
};

constexpr Instructions kInstructions[] = {
    {"quantize f32", 290.0},
    {"quantize bf16", 355.0},
    {"dequantize f32", 360.0},
    {"fake_quantize f32", 215.0},
    {"fake_quantize f32 per row", 290.0},
    {"fake_quantize_backward x", 190.0},
    {"fake_quantize_backward", 315.0},
    {"fake_quantize_backward cols", 295.0},
    {"fake_quantize_partials", 245.0},
    {"unary silu bf16", 520.0},
    {"binary add f32", 150.0},
    {"binary add s8", 400.0},
    {"where f32", 100.0},
    {"compare s8", 300.0},
    {"cast f32 to bf16", 240.0},
    {"copy f32", 95.0},
    {"transpose f32", 225.0},
    {"transpose bf16", 225.0},
    {"transpose u8", 315.0},
    {"requantize s8", 195.0},
    {"layer_norm f32 to s8", 195.0},
    {"layer_norm residual bf16", 315.0},
    {"rms_norm bf16", 405.0},
    {"softmax f32", 355.0},
    {"softmax f32 long", 725.0},
    {"embedding s8 to f32", 385.0},
    {"min_max f32", 130.0},
    {"max_pool2d s8 2 x 2", 550.0},
    {"reduce sum rows", 295.0},
    {"reduce sum columns", 300.0},
    {"range_mse 32 candidates", 3620.0},
};

/** 0, which nothing keeps, if the table has no row of the name. */
double InstructionsOf(const std::string& name) {
  for (const Instructions& row : kInstructions) {
    if (name == row.name) return row.bound;
  }
  return 0.0;
}

class CudaCounters : public testing::Test {
 protected:
  /** Runs a call on tensors of the device, and holds what is counted to the bounds. */
  void Check(const char* name, std::vector<Tensor*> tensors, const Bounds& bounds,
             const std::function<octet_status(const Tensors&)>& call) {
    Tensors on_device;
    std::vector<std::unique_ptr<OnDevice>> copies;
    for (Tensor* tensor : tensors) {
      copies.push_back(std::make_unique<OnDevice>(tensor));
      on_device.push_back(copies.back()->dl());
    }
    TakeCounters();
    ASSERT_OK(call(on_device)) << name;
    ASSERT_OK(octet_cuda_synchronize(0, nullptr));
    if (!HasCounters()) GTEST_SKIP() << "counters come from the emulator alone";
    const Counters c = TakeCounters();
    const double instructions =
        static_cast<double>(c.warp_instructions) * 1024 / static_cast<double>(bounds.load_bytes + bounds.store_bytes);
    std::printf(
        "%-28s %2lld launches  load %9lld B  %.3f used  store %9lld B  %.3f used  %5lld conflicts  %6.1f instr/KB\n",
        name, static_cast<long long>(c.launches), static_cast<long long>(c.load.bytes), c.load.efficiency(),
        static_cast<long long>(c.store.bytes), c.store.efficiency(), static_cast<long long>(c.conflicts), instructions);
    EXPECT_EQ(c.launches, bounds.launches) << name;
    EXPECT_LE(c.load.bytes, bounds.load_bytes) << name;
    EXPECT_LE(c.store.bytes, bounds.store_bytes) << name;
    EXPECT_GE(c.load.efficiency(), bounds.load_efficiency) << name;
    EXPECT_GE(c.store.efficiency(), bounds.store_efficiency) << name;
    EXPECT_LE(c.conflicts, bounds.conflicts) << name;
    EXPECT_LE(instructions, InstructionsOf(name)) << name;
  }

  static constexpr int64_t kRows = 64;
  static constexpr int64_t kColumns = 768;
  static constexpr int64_t kCount = kRows * kColumns;

  static Tensor Of(DLDataType type, std::vector<int64_t> shape) {
    Tensor tensor(type, std::move(shape));
    const std::vector<float> values = RandomValues(tensor.count(), 1.0f, 1);
    for (int64_t i = 0; i < tensor.count(); ++i) {
      tensor.Set(i,
                 type.bits == 8 ? static_cast<double>(i % 100) : static_cast<double>(values[static_cast<size_t>(i)]));
    }
    return tensor;
  }

  Tensor f32 = Of(kF32, {kRows, kColumns});
  Tensor f32_too = Of(kF32, {kRows, kColumns});
  Tensor bf16 = Of(kBF16, {kRows, kColumns});
  Tensor bf16_too = Of(kBF16, {kRows, kColumns});
  Tensor bf16_sum = Of(kBF16, {kRows, kColumns});
  Tensor s8 = Of(kS8, {kRows, kColumns});
  Tensor s8_too = Of(kS8, {kRows, kColumns});
  Tensor s8_out = Of(kS8, {kRows, kColumns});
  Tensor delta = Tensor::Scalar(0.05f);
  octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
};

TEST_F(CudaCounters, OfQuantization) {
  Check("quantize f32", {&f32, &s8}, {1, kCount * 4, kCount},
        [&](const Tensors& t) { return octet_quantize(&grid, t[0], t[1], nullptr); });
  Check("quantize bf16", {&bf16, &s8}, {1, kCount * 2, kCount},
        [&](const Tensors& t) { return octet_quantize(&grid, t[0], t[1], nullptr); });
  Check("dequantize f32", {&s8, &f32}, {1, kCount, kCount * 4},
        [&](const Tensors& t) { return octet_dequantize(&grid, t[0], t[1], nullptr); });
  Check("fake_quantize f32", {&f32, &f32_too}, {1, kCount * 4, kCount * 4},
        [&](const Tensors& t) { return octet_fake_quantize(&grid, t[0], t[1], nullptr); });
  Tensor channels = Of(kF32, {kRows});
  // A chunk of four elements reads its channel's step: 4 bytes more, from the cache.
  Check("fake_quantize f32 per row", {&f32, &f32_too, &channels}, {1, kCount * 5, kCount * 4, 0.9},
        [&](const Tensors& t) {
          octet_grid rows = grid;
          rows.delta = t[2];
          rows.axis = 0;
          return octet_fake_quantize(&rows, t[0], t[1], nullptr);
        });
}

TEST_F(CudaCounters, OfFakeQuantizationBackward) {
  Tensor grad_x = Of(kF32, {kRows, kColumns});
  Check("fake_quantize_backward x", {&f32, &f32_too, &grad_x}, {1, kCount * 8, kCount * 4}, [&](const Tensors& t) {
    return octet_fake_quantize_backward(&grid, t[0], t[1], t[2], nullptr, nullptr, nullptr);
  });
  Tensor grad_delta = Of(kF32, {1});
  // All gradients in one pass. Two sums of each block of 1024 are left for a second launch.
  constexpr int64_t kBlocks = kCount / 1024;
  Check("fake_quantize_backward", {&f32, &f32_too, &grad_x, &grad_delta},
        {2, kCount * 8 + kBlocks * 8, kCount * 4 + kBlocks * 8 + 4, 0.9, 0.9}, [&](const Tensors& t) {
          return octet_fake_quantize_backward(&grid, t[0], t[1], t[2], t[3], nullptr, nullptr);
        });
  Tensor steps = Of(kF32, {kColumns});
  Tensor grad_steps = Of(kF32, {kColumns});
  // A step a column: threads have neighbouring columns.
  Check("fake_quantize_backward cols", {&f32, &f32_too, &grad_x, &steps, &grad_steps},
        {1, kCount * 8 + kColumns * 8, kCount * 4 + kColumns * 4}, [&](const Tensors& t) {
          octet_grid columns = grid;
          columns.delta = t[3];
          columns.axis = 1;
          return octet_fake_quantize_backward(&columns, t[0], t[1], t[2], t[4], nullptr, nullptr);
        });
  Tensor d_x = Of(kF32, {kRows, kColumns});
  Tensor d_delta = Of(kF32, {kRows, kColumns});
  Check(
      "fake_quantize_partials", {&f32, &f32_too, &d_x, &d_delta}, {1, kCount * 4, kCount * 12},
      [&](const Tensors& t) { return octet_fake_quantize_partials(&grid, t[0], t[1], t[2], t[3], nullptr, nullptr); });
}

TEST_F(CudaCounters, OfElements) {
  Check("unary silu bf16", {&bf16, &bf16_too}, {1, kCount * 2, kCount * 2},
        [&](const Tensors& t) { return octet_unary(OCTET_SILU, 0.0f, 0.0f, t[0], nullptr, t[1], nullptr, nullptr); });
  Check("binary add f32", {&f32, &f32_too}, {1, kCount * 8, kCount * 4}, [&](const Tensors& t) {
    return octet_binary(OCTET_ADD, t[0], nullptr, t[1], nullptr, OCTET_ACTIVATION_RELU, t[1], nullptr, nullptr);
  });
  Check("binary add s8", {&s8, &s8_too, &s8_out}, {1, kCount * 2, kCount}, [&](const Tensors& t) {
    return octet_binary(OCTET_ADD, t[0], &grid, t[1], &grid, OCTET_ACTIVATION_NONE, t[2], &grid, nullptr);
  });
  Tensor mask(kBool, {kRows, kColumns});
  for (int64_t i = 0; i < kCount; ++i) mask.Set(i, static_cast<double>(i % 2));
  Check("where f32", {&mask, &f32, &f32_too}, {1, kCount * 9, kCount * 4},
        [&](const Tensors& t) { return octet_where(t[0], t[1], t[2], t[2], nullptr); });
  Check("compare s8", {&s8, &s8_too, &mask}, {1, kCount * 2, kCount},
        [&](const Tensors& t) { return octet_compare(OCTET_LESS, t[0], &grid, t[1], &grid, t[2], nullptr); });
  Check("cast f32 to bf16", {&f32, &bf16}, {1, kCount * 4, kCount * 2},
        [&](const Tensors& t) { return octet_cast(t[0], t[1], nullptr); });
  Check("copy f32", {&f32, &f32_too}, {1, kCount * 4, kCount * 4},
        [&](const Tensors& t) { return octet_copy(t[0], t[1], nullptr); });
  for (DLDataType type : {kF32, kBF16, kU8}) {
    Tensor x(type, {kRows, kColumns}, Layout::kTransposed);
    Tensor out(type, {kRows, kColumns});
    for (int64_t i = 0; i < kCount; ++i) x.Set(i, 1.0);
    const int64_t item = type.bits / 8;
    Check(("transpose " + TypeName(type)).c_str(), {&x, &out}, {1, kCount * item, kCount * item},
          [&](const Tensors& t) { return octet_copy(t[0], t[1], nullptr); });
  }
  Check("requantize s8", {&s8, &s8_out}, {1, kCount, kCount, 1.0, 1.0, kCount / 8}, [&](const Tensors& t) {
    octet_grid other = grid;
    return octet_requantize(t[0], &grid, t[1], &other, nullptr);
  });
}

TEST_F(CudaCounters, OfRows) {
  Tensor weight = Of(kF32, {kColumns});
  Tensor bias = Of(kF32, {kColumns});
  // Weight and bias come from the cache for all rows but the first.
  Check("layer_norm f32 to s8", {&f32, &weight, &bias, &s8}, {1, kCount * 12, kCount}, [&](const Tensors& t) {
    octet_norm norm = {};
    norm.dims = 1;
    norm.eps = 1e-5f;
    norm.weight = t[1];
    norm.bias = t[2];
    return octet_layer_norm(t[0], nullptr, &norm, t[3], &grid, nullptr);
  });
  // x and the residual are read once; the sum and the output are written.
  Check("layer_norm residual bf16", {&bf16, &bf16_too, &weight, &bias, &bf16_sum, &s8}, {1, kCount * 12, kCount * 3},
        [&](const Tensors& t) {
          octet_norm norm = {};
          norm.dims = 1;
          norm.eps = 1e-5f;
          norm.weight = t[2];
          norm.bias = t[3];
          norm.residual = t[1];
          norm.sum = t[4];
          return octet_layer_norm(t[0], nullptr, &norm, t[5], &grid, nullptr);
        });
  Check("rms_norm bf16", {&bf16, &bf16_too}, {1, kCount * 2, kCount * 2}, [&](const Tensors& t) {
    octet_norm norm = {};
    norm.dims = 1;
    norm.eps = 1e-5f;
    return octet_rms_norm(t[0], nullptr, &norm, t[1], nullptr, nullptr);
  });
  Check("softmax f32", {&f32, &f32_too}, {1, kCount * 4, kCount * 4},
        [&](const Tensors& t) { return octet_softmax(t[0], nullptr, nullptr, t[1], nullptr, nullptr); });
  Tensor x = Of(kF32, {2, 4096});
  Tensor y = Of(kF32, {2, 4096});
  Check("softmax f32 long", {&x, &y}, {1, 2 * 4096 * 4, 2 * 4096 * 4},
        [&](const Tensors& t) { return octet_softmax(t[0], nullptr, nullptr, t[1], nullptr, nullptr); });
  Tensor indices(kS32, {kRows});
  for (int64_t i = 0; i < kRows; ++i) indices.Set(i, static_cast<double>((i * 13) % kRows));
  // Each thread reads its row's index, from the cache.
  Check("embedding s8 to f32", {&s8, &indices, &f32}, {1, kCount * 2, kCount * 4, 0.8}, [&](const Tensors& t) {
    const octet_embedding_table table = {t[0], 8, 0, &grid};
    return octet_embedding(&table, t[1], t[2], nullptr, nullptr);
  });
}

TEST_F(CudaCounters, OfReductions) {
  Tensor low = Of(kF32, {1});
  Tensor high = Of(kF32, {1});
  // Parts of 8192 elements leave 40 bytes each for the second launch.
  Check("min_max f32", {&f32, &low, &high}, {2, kCount * 4 + 6 * 40, 6 * 40 + 8, 0.99, 0.1, 0},
        [&](const Tensors& t) { return octet_min_max(t[0], -1, t[1], t[2], nullptr); });
  Tensor images = Of(kS8, {1, 16, 48, 64});
  Tensor pooled = Of(kS8, {1, 8, 24, 64});
  Check("max_pool2d s8 2 x 2", {&images, &pooled}, {1, kCount, kCount / 4}, [&](const Tensors& t) {
    const octet_pool2d_params params = {2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 0};
    return octet_max_pool2d(t[0], &params, t[1], nullptr);
  });
  Tensor sums = Of(kF32, {kRows});
  const int32_t last[] = {1};
  Check("reduce sum rows", {&f32, &sums}, {1, kCount * 4, kRows * 4, 1.0, 0.1}, [&](const Tensors& t) {
    return octet_reduce(OCTET_REDUCE_SUM, t[0], nullptr, last, 1, t[1], nullptr, nullptr);
  });
  Tensor columns = Of(kF32, {kColumns});
  const int32_t first[] = {0};
  Check("reduce sum columns", {&f32, &columns}, {1, kCount * 4, kColumns * 4}, [&](const Tensors& t) {
    return octet_reduce(OCTET_REDUCE_SUM, t[0], nullptr, first, 1, t[1], nullptr, nullptr);
  });
  Tensor minimum = Of(kF32, {32});
  Tensor maximum = Of(kF32, {32});
  Tensor loss = Of(kF32, {1, 32});
  // Candidates, of 16 bytes each, are laid down in turns.
  Check("range_mse 32 candidates", {&f32, &minimum, &maximum, &loss}, {1, kCount * 4 + 256, 32 * 4, 0.99, 1.0, 16},
        [&](const Tensors& t) {
          const octet_range_mse_options options = {OCTET_ASYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f};
          return octet_range_mse(t[0], -1, &options, t[1], t[2], t[3], nullptr);
        });
}

}  // namespace
}  // namespace test
}  // namespace octet
