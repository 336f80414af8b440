// SPDX-License-Identifier: Apache-2.0
// Reductions over slices: ranges, grids from them, gradients of grids, sums.
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/gemm_on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0371f;

struct Shape {
  std::vector<int64_t> sizes;
  int32_t axis;
};

/** Slices short and long, side by side and not, of one and of several blocks and chunks. */
const Shape kShapes[] = {{{1}, -1},        {{7, 5}, -1},     {{3, 1000}, 0},    {{3, 1000}, 1},
                         {{2, 9, 130}, 1}, {{40, 70}, 1},    {{1, 2, 2049}, 1}, {{66000}, -1},
                         {{2, 33000}, 0},  {{130, 520}, -1}, {{1100, 40}, 1},   {{3, 2, 1100}, 0}};

int64_t SlicesOf(const Shape& shape) { return shape.axis < 0 ? 1 : shape.sizes[static_cast<size_t>(shape.axis)]; }

Tensor Filled(DLDataType type, const Shape& shape, Layout layout, uint32_t seed) {
  Tensor tensor(type, shape.sizes, layout);
  tensor.Fill(RandomValues(tensor.count(), 1.0f, seed));
  return tensor;
}

auto TwoOutputs(int64_t count) {
  return [count] {
    std::vector<Tensor> outputs;
    outputs.emplace_back(kF32, std::vector<int64_t>{count});
    outputs.emplace_back(kF32, std::vector<int64_t>{count}, Layout::kShifted);
    return outputs;
  };
}

TEST(CudaMinMax, EqualsTheCpu) {
  for (const Shape& shape : kShapes) {
    for (Layout layout : kDeviceInputLayouts) {
      Tensor x = Filled(kF32, shape, layout, 1);
      ExpectSameOnDevice({&x}, TwoOutputs(SlicesOf(shape)), [&](const Tensors& in, const Tensors& out) {
        return octet_min_max(in[0], shape.axis, out[0], out[1], nullptr);
      });
    }
    for (DLDataType type : {kF16, kBF16}) {
      Tensor x = Filled(type, shape, Layout::kShifted, 2);
      x.Set(x.count() / 2, std::nan(""));
      ExpectSameOnDevice({&x}, TwoOutputs(SlicesOf(shape)), [&](const Tensors& in, const Tensors& out) {
        return octet_min_max(in[0], shape.axis, out[0], out[1], nullptr);
      });
    }
  }
}

TEST(CudaFakeQuantizeBackward, SumsTheGradientsOfGrids) {
  for (const Shape& shape : kShapes) {
    for (bool log_domain : {false, true}) {
      for (DLDataType type : kFloatTypes) {
        SCOPED_TRACE(TypeName(type) + ", axis " + std::to_string(shape.axis));
        const int64_t slices = SlicesOf(shape);
        Tensor x = Filled(type, shape, type.bits == 32 ? Layout::kTransposed : Layout::kShifted, 3);
        Tensor grad = Filled(type, shape, Layout::kCompact, 4);
        Tensor delta(kF32, {slices});
        Tensor zero(kF32, {slices});
        for (int64_t i = 0; i < slices; ++i) {
          const float step = i == 2 ? 1e-4f : 0.1f + 0.01f * static_cast<float>(i % 7);
          delta.Set(i, static_cast<double>(log_domain ? std::log(step) : step));
          zero.Set(i, i == 1 ? 30.0 : 0.4);
        }
        const auto three = [&] {
          std::vector<Tensor> outputs = TwoOutputs(slices)();
          outputs.emplace_back(type, shape.sizes, Layout::kGaps);
          return outputs;
        };
        ExpectSameOnDevice({&x, &grad, &delta, &zero}, three, [&](const Tensors& in, const Tensors& out) {
          const octet_grid grid = {in[2], in[3],     -8.0f, 7.0f, log_domain ? OCTET_SCALE_LOG : OCTET_SCALE_LINEAR,
                                   1e-3f, shape.axis};
          return octet_fake_quantize_backward(&grid, in[0], in[1], out[2], out[0], out[1], nullptr);
        });
      }
    }
  }
}

TEST(CudaFakeQuantizeBackward, SumsOverNothingAreZero) {
  for (const Shape& shape : {Shape{{3, 0, 4}, 0}, Shape{{2, 0, 0, 5}, 3}, Shape{{0, 6}, -1}, Shape{{0, 4}, 0}}) {
    const int64_t slices = SlicesOf(shape);
    Tensor nothing(kF32, shape.sizes);
    Tensor delta(kF32, {slices});
    delta.Fill(std::vector<float>(static_cast<size_t>(slices), 0.1f));
    ExpectSameOnDevice({&nothing, &delta}, TwoOutputs(slices), [&](const Tensors& in, const Tensors& out) {
      const octet_grid grid = {in[1], in[1], -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-3f, shape.axis};
      return octet_fake_quantize_backward(&grid, in[0], in[0], nullptr, out[0], out[1], nullptr);
    });
  }
}

TEST(CudaRangeMse, EqualsTheCpu) {
  for (const Shape& shape : kShapes) {
    for (int64_t candidates : {1, 17, 65}) {
      for (octet_scheme scheme : {OCTET_SYMMETRIC, OCTET_ASYMMETRIC}) {
        if (scheme == OCTET_ASYMMETRIC && candidates == 65) continue;
        Tensor x = Filled(scheme == OCTET_SYMMETRIC ? kF32 : kBF16, shape, Layout::kShifted, 5);
        const int64_t slices = SlicesOf(shape);
        Tensor low(kF32, {slices, candidates});
        Tensor high(kF32, {slices, candidates});
        for (int64_t i = 0; i < low.count(); ++i) {
          low.Set(i, i % 5 == 0 ? 0.0 : -0.02 * static_cast<double>(i % 100));
          high.Set(i, 0.03 * static_cast<double>(i % 90));
        }
        const DLDataType loss_type = candidates == 17 ? kF64 : kF32;
        ExpectSameOnDevice({&x, &low, &high}, OneOutput(loss_type, {slices, candidates}),
                           [&](const Tensors& in, const Tensors& out) {
                             const octet_range_mse_options options = {scheme, 4, OCTET_SCALE_LINEAR, 1e-8f};
                             return octet_range_mse(in[0], shape.axis, &options, in[1], in[2], out[0], nullptr);
                           });
      }
    }
  }
}

TEST(CudaPercentile, EqualsTheCpu) {
  const Shape wide = {{3, 70000}, 0};
  std::vector<Shape> shapes(std::begin(kShapes), std::end(kShapes));
  shapes.push_back(wide);
  for (const Shape& shape : shapes) {
    for (bool nan : {false, true}) {
      for (auto percents : {std::pair<double, double>{0.0, 100.0}, {50.0, 37.3}}) {
        if (nan && percents.first == 0.0) continue;
        Tensor x = Filled(shape.axis == 0 ? kF16 : kF32, shape, Layout::kShifted, 6);
        if (nan) x.Set(0, std::nan(""));
        if (x.count() > 20) {
          x.Set(11, INFINITY);
          x.Set(13, -INFINITY);
          x.Set(14, -0.0);
        }
        ExpectSameOnDevice({&x}, TwoOutputs(SlicesOf(shape)), [&](const Tensors& in, const Tensors& out) {
          size_t bytes = 0;
          const octet_status status = octet_percentile_workspace_size(in[0], shape.axis, &bytes);
          if (status != OCTET_OK) return status;
          return WithWorkspace(in[0], bytes, [&](void* workspace) {
            return octet_percentile(in[0], shape.axis, percents.first, percents.second, out[0], out[1], workspace,
                                    bytes, nullptr);
          });
        });
      }
    }
  }
}

TEST(CudaGridFromRange, EqualsTheCpu) {
  for (int64_t count : {1, 5, 700}) {
    for (octet_scheme scheme : {OCTET_SYMMETRIC, OCTET_ASYMMETRIC}) {
      for (octet_scale_domain domain : {OCTET_SCALE_LINEAR, OCTET_SCALE_LOG}) {
        for (int kind = 0; kind < 3; ++kind) {
          Tensor low(kF32, {count}, Layout::kGaps);
          Tensor high(kF32, {1, count}, Layout::kReversed);
          for (int64_t i = 0; i < count; ++i) {
            low.Set(i, kind == 0 ? 0.25 : -0.1 * static_cast<double>(i % 13));
            high.Set(i, 0.2 * static_cast<double>(i % 11));
          }
          if (kind == 2) low.Set(count / 2, std::nan(""));
          int32_t is_signed[2] = {-1, -1};
          int call = 0;
          ExpectSameOnDevice({&low, &high}, TwoOutputs(count), [&](const Tensors& in, const Tensors& out) {
            return octet_grid_from_range(in[0], in[1], scheme, 5, domain, 1e-8f, out[0],
                                         scheme == OCTET_ASYMMETRIC ? out[1] : nullptr, &is_signed[call++]);
          });
          EXPECT_EQ(is_signed[0], is_signed[1]);
        }
      }
    }
  }
}

TEST(CudaGridResolve, EqualsTheCpu) {
  Tensor delta(kF32, {300});
  Tensor zero(kF32, {300});
  for (int64_t i = 0; i < 300; ++i) {
    delta.Set(i, 0.01 * static_cast<double>(i) - 1.0);
    zero.Set(i, static_cast<double>(i) - 20.5);
  }
  for (octet_scale_domain domain : {OCTET_SCALE_LINEAR, OCTET_SCALE_LOG}) {
    ExpectSameOnDevice({&delta, &zero}, TwoOutputs(300), [&](const Tensors& in, const Tensors& out) {
      const octet_grid grid = {in[0], in[1], 0.0f, 255.0f, domain, 1e-3f, -1};
      return octet_grid_resolve(&grid, out[0], out[1]);
    });
  }
}

struct Reduction {
  std::vector<int64_t> shape;
  std::vector<int32_t> dims;
  std::vector<int64_t> out_shape;
};

const Reduction kReductions[] = {{{5, 7}, {1}, {5}},       {{5, 7}, {0}, {7}},          {{5, 7}, {0, 1}, {}},
                                 {{5, 7}, {}, {5, 7}},     {{4, 33, 50}, {1}, {4, 50}}, {{4, 33, 50}, {0, 2}, {33}},
                                 {{2, 3000}, {1}, {2, 1}}, {{1500, 40}, {0}, {40}},     {{70000}, {0}, {1}},
                                 {{3, 0, 4}, {1}, {3, 4}}, {{6, 1, 9}, {2}, {6, 1}},    {{3, 0, 4}, {1, 2}, {3}},
                                 {{0, 2, 4}, {0, 1}, {4}}};

TEST(CudaReduce, EqualsTheCpu) {
  for (const Reduction& r : kReductions) {
    for (int reduction = OCTET_REDUCE_SUM; reduction <= OCTET_REDUCE_MIN; ++reduction) {
      for (DLDataType type : kValueTypes) {
        for (Layout layout : {Layout::kCompact, Layout::kTransposed, Layout::kGaps}) {
          SCOPED_TRACE(TypeName(type) + ", reduction " + std::to_string(reduction));
          const bool extreme = reduction >= OCTET_REDUCE_MAX;
          Tensor x(type, r.shape, layout);
          if (extreme && x.count() == 0) continue;
          const TensorGrid grid(type, 0.03f, 5.0f);
          const std::vector<float> values = RandomValues(x.count(), 1.0f, 7);
          for (int64_t i = 0; i < x.count(); ++i) {
            x.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
          }
          if (x.count() > 30 && type.bits != 8) x.Set(30, std::nan(""));
          ExpectSameOnDevice(
              {&x}, OneOutput(kF32, r.out_shape, Layout::kShifted), [&](const Tensors& in, const Tensors& out) {
                return octet_reduce(static_cast<octet_reduction>(reduction), in[0], grid.get(), r.dims.data(),
                                    static_cast<int32_t>(r.dims.size()), out[0], nullptr, nullptr);
              });
        }
      }
    }
  }
}

TEST(CudaReduce, PutsResultsOnTheirGrid) {
  Tensor x(kF32, {6, 100});
  x.Fill(RandomValues(600, 1.0f, 8));
  const TensorGrid grid(kU8, 0.01f, 128.0f);
  const int32_t dims[] = {1};
  ExpectSameOnDevice({&x}, OneOutput(kU8, {6}), [&](const Tensors& in, const Tensors& out) {
    return octet_reduce(OCTET_REDUCE_MEAN, in[0], nullptr, dims, 1, out[0], grid.get(), nullptr);
  });
}

TEST(CudaArgmax, EqualsTheCpu) {
  for (const auto& shape : {std::vector<int64_t>{3, 1000}, {1000, 40}, {2, 9000}, {4, 1, 5}}) {
    for (int32_t dim = 0; dim < static_cast<int32_t>(shape.size()); ++dim) {
      for (DLDataType type : kValueTypes) {
        Tensor x(type, shape, Layout::kShifted);
        // Many are equal, and some slices have NaNs or minus infinity alone.
        for (int64_t i = 0; i < x.count(); ++i) x.Set(i, static_cast<double>((i * 7919) % 61));
        if (type.bits != 8) {
          x.Set(x.count() - 2, std::nan(""));
          x.Set(x.count() / 2, std::nan(""));
          for (int64_t i = 0; i < shape.back(); ++i) x.Set(i, -INFINITY);
        }
        std::vector<int64_t> out_shape = shape;
        out_shape.erase(out_shape.begin() + dim);
        ExpectSameOnDevice(
            {&x}, OneOutput(dim == 0 ? kS64 : kS32, out_shape),
            [&](const Tensors& in, const Tensors& out) { return octet_argmax(in[0], dim, out[0], nullptr); });
      }
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
