// SPDX-License-Identifier: Apache-2.0
// Fake quantization, quantization and ranges of random tensors, with grids for all, for each and for groups of slices.
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/gemm_on_device.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

constexpr int64_t kMostElements = 4000;
constexpr int64_t kMostDims = 5;

/** A grid along an axis, or for all, whose tensors are inputs of a call; of one element also host tensors. */
struct SlicedGrid {
  SlicedGrid(Random* random, const std::vector<int64_t>& shape)
      : axis(shape.empty() || random->OneIn(3)
                 ? -1
                 : static_cast<int32_t>(random->Between(0, static_cast<int64_t>(shape.size()) - 1))),
        groups(GroupsOf(random, shape)),
        delta(kF32, {groups}),
        zero(kF32, {groups}),
        has_zero(!random->OneIn(3)),
        on_host(groups == 1 && random->OneIn(2)),
        log_domain(random->OneIn(3)),
        eps(random->OneIn(3) ? 0.02f : 1e-8f) {
    const auto bits = static_cast<int32_t>(random->Between(1, random->OneIn(4) ? 16 : 8));
    EXPECT_OK(octet_grid_limits(bits, random->OneIn(2) ? 1 : 0, &int_min, &int_max));
    scale = std::exp(random->Real(-5.0f, 1.0f));
    for (int64_t i = 0; i < groups; ++i) {
      float step = random->OneIn(9) ? 1e-9f : scale * random->Real(0.3f, 3.0f);
      if (random->OneIn(20)) step = random->OneIn(2) ? INFINITY : NAN;
      delta.Set(i, static_cast<double>(log_domain ? std::log(step) : step));
      zero.Set(i, static_cast<double>(random->OneIn(15) ? NAN : random->Real(int_min - 2.0f, int_max + 2.0f)));
    }
  }

  int64_t GroupsOf(Random* random, const std::vector<int64_t>& shape) const {
    if (axis < 0) return 1;
    const int64_t size = shape[static_cast<size_t>(axis)];
    if (size == 0 || random->OneIn(2)) return size;
    int64_t divisor = random->Between(1, size);
    while (size % divisor != 0) --divisor;
    return divisor;
  }

  /** The grid in tensors that a call was given: where its data is. */
  octet_grid In(DLTensor* given_delta, DLTensor* given_zero) {
    return {on_host ? delta.dl() : given_delta,
            !has_zero ? nullptr
            : on_host ? zero.dl()
                      : given_zero,
            int_min,
            int_max,
            log_domain ? OCTET_SCALE_LOG : OCTET_SCALE_LINEAR,
            eps,
            axis};
  }

  int32_t axis;
  int64_t groups;
  Tensor delta;
  Tensor zero;
  bool has_zero;
  bool on_host;
  bool log_domain;
  float eps;
  float int_min = 0.0f;
  float int_max = 0.0f;
  float scale = 0.0f;
};

TEST(CudaRandomFakeQuantize, EqualsTheCpu) {
  for (uint32_t seed : Seeds(10)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(0, kMostDims, kMostElements);
    SlicedGrid grid(&random, shape);
    const DLDataType type = random.Of(kFloatTypes);
    Tensor x = random.Filled(type, shape, 0, grid.scale);
    Tensor grad = random.Filled(type, shape, 0, 1.0f);
    std::vector<Placement> places;
    for (int i = 0; i < 4; ++i) places.push_back(random.Output(shape, type));
    const auto likes = [&](size_t count, int64_t sums) {
      return [&, count, sums] {
        std::vector<Tensor> outputs;
        for (size_t i = 0; i < count; ++i) outputs.emplace_back(type, shape, places[i]);
        for (int64_t i = 0; i < sums; ++i) outputs.emplace_back(kF32, std::vector<int64_t>{grid.groups});
        return outputs;
      };
    };
    const std::vector<Tensor*> inputs = {&grid.delta, &grid.zero, &x, &grad};
    ExpectSameOnDevice(inputs, likes(1, 0), [&](const Tensors& in, const Tensors& out) {
      const octet_grid g = grid.In(in[0], in[1]);
      return octet_fake_quantize(&g, in[2], out[0], nullptr);
    });
    const int64_t wanted = random.Between(1, 15);
    ExpectSameOnDevice(inputs, likes(4, 0), [&](const Tensors& in, const Tensors& out) {
      const octet_grid g = grid.In(in[0], in[1]);
      const auto given = [&](int i) { return (wanted >> i & 1) != 0 ? out[static_cast<size_t>(i)] : nullptr; };
      return octet_fake_quantize_partials(&g, in[2], given(0), given(1), given(2), grid.has_zero ? given(3) : nullptr,
                                          nullptr);
    });
    ExpectSameOnDevice(inputs, likes(1, 2), [&](const Tensors& in, const Tensors& out) {
      const octet_grid g = grid.In(in[0], in[1]);
      const auto given = [&](int i) { return (wanted >> i & 1) != 0 ? out[static_cast<size_t>(i)] : nullptr; };
      return octet_fake_quantize_backward(&g, in[2], in[3], given(0), given(1), grid.has_zero ? given(2) : nullptr,
                                          nullptr);
    });
  }
}

TEST(CudaRandomQuantize, EqualsTheCpuThereAndBack) {
  constexpr DLDataType kCodes[] = {kS8, kU8, kS32, kF32};
  for (uint32_t seed : Seeds(10)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(0, kMostDims, kMostElements);
    SlicedGrid grid(&random, shape);
    DLDataType codes = random.Of(kCodes);
    if (codes.bits == 8) codes = grid.int_min < 0 ? kS8 : kU8;
    if (codes.bits == 8 && grid.int_max - grid.int_min > 255) codes = kS32;
    const auto one = [&](DLDataType type) {
      return [type, &shape, placement = random.Output(shape, type)] {
        std::vector<Tensor> outputs;
        outputs.emplace_back(type, shape, placement);
        return outputs;
      };
    };
    Tensor x = random.Filled(random.Of(kFloatTypes), shape, 0, grid.scale);
    ExpectSameOnDevice({&grid.delta, &grid.zero, &x}, one(codes), [&](const Tensors& in, const Tensors& out) {
      const octet_grid g = grid.In(in[0], in[1]);
      return octet_quantize(&g, in[2], out[0], nullptr);
    });
    Tensor stored = random.Filled(random.Of(kCodes), shape, 0, 100.0f);
    ExpectSameOnDevice({&grid.delta, &grid.zero, &stored}, one(random.Of(kFloatTypes)),
                       [&](const Tensors& in, const Tensors& out) {
                         const octet_grid g = grid.In(in[0], in[1]);
                         return octet_dequantize(&g, in[2], out[0], nullptr);
                       });
  }
}

octet_status PercentileWhereItIs(const DLTensor* x, int32_t axis, double low, double high, const Tensors& out) {
  size_t bytes = 0;
  const octet_status status = octet_percentile_workspace_size(x, axis, &bytes);
  if (status != OCTET_OK) return status;
  return WithWorkspace(x, bytes, [&](void* workspace) {
    return octet_percentile(x, axis, low, high, out[0], out[1], workspace, bytes, nullptr);
  });
}

TEST(CudaRandomRange, EqualsTheCpu) {
  for (uint32_t seed : Seeds(8)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<int64_t> shape = random.Shape(0, kMostDims, kMostElements);
    for (int64_t& size : shape) size = std::max<int64_t>(size, 1);
    // Each slice is a thread block's, at the least: thousands take the emulator minutes.
    auto axis = static_cast<int32_t>(random.Between(-1, static_cast<int64_t>(shape.size()) - 1));
    if (axis >= 0 && shape[static_cast<size_t>(axis)] > 40) axis = -1;
    const int64_t slices = axis < 0 ? 1 : shape[static_cast<size_t>(axis)];
    Tensor x = random.Filled(random.Of(kFloatTypes), shape);
    const auto two = [&] {
      std::vector<Tensor> outputs;
      for (int i = 0; i < 2; ++i) outputs.emplace_back(kF32, std::vector<int64_t>{slices});
      return outputs;
    };
    ExpectSameOnDevice({&x}, two, [&](const Tensors& in, const Tensors& out) {
      return octet_min_max(in[0], axis, out[0], out[1], nullptr);
    });
    const double low = static_cast<double>(random.OneIn(4) ? 0.0f : random.Real(0.0f, 100.0f));
    const double high = static_cast<double>(random.OneIn(4) ? 100.0f : random.Real(0.0f, 100.0f));
    ExpectSameOnDevice({&x}, two, [&](const Tensors& in, const Tensors& out) {
      return PercentileWhereItIs(in[0], axis, low, high, out);
    });
    const int64_t candidates = random.Size(20);
    const bool shared = random.OneIn(3);
    const std::vector<int64_t> ends = {slices, candidates};
    Tensor least(kF32, shared ? std::vector<int64_t>{candidates} : ends);
    Tensor greatest(kF32, shared ? std::vector<int64_t>{candidates} : ends);
    for (int64_t i = 0; i < least.count(); ++i) {
      least.Set(i, static_cast<double>(random.OneIn(3) ? 0.0f : random.Real(-3.0f, 0.1f)));
      greatest.Set(i, static_cast<double>(random.OneIn(9) ? -1.0f : random.Real(0.0f, 3.0f)));
    }
    const octet_range_mse_options options = {random.OneIn(2) ? OCTET_SYMMETRIC : OCTET_ASYMMETRIC,
                                             static_cast<int32_t>(random.Between(1, 10)),
                                             random.OneIn(2) ? OCTET_SCALE_LINEAR : OCTET_SCALE_LOG, 1e-6f};
    ExpectSameOnDevice({&x, &least, &greatest}, OneOutput(random.OneIn(2) ? kF32 : kF64, {slices, candidates}),
                       [&](const Tensors& in, const Tensors& out) {
                         return octet_range_mse(in[0], axis, &options, in[1], in[2], out[0], nullptr);
                       });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
