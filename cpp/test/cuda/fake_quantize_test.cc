// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/on_device.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0371f;

struct Case {
  int32_t axis;
  int64_t groups;
  bool log_domain;
};

constexpr Case kCases[] = {{-1, 1, false}, {-1, 1, true}, {0, 4, false}, {1, 3, true}, {1, 6, false}, {2, 37, false}};

/** Calls body(grid) with a grid of the case whose tensors are in[0] and in[1]. */
octet_grid GridOf(const Case& c, const Tensors& in) {
  return {in[0], in[1], -8.0f, 7.0f, c.log_domain ? OCTET_SCALE_LOG : OCTET_SCALE_LINEAR, 1e-3f, c.axis};
}

struct GridTensors {
  explicit GridTensors(const Case& c) : delta(kF32, {c.groups}), zero(kF32, {c.groups}) {
    for (int64_t i = 0; i < c.groups; ++i) {
      // One step is below eps.
      const float step = i == 2 ? 1e-4f : kScale * static_cast<float>(i + 1);
      delta.Set(i, static_cast<double>(c.log_domain ? std::log(step) : step));
      // One zero point lies beyond the grid.
      zero.Set(i, i == 1 ? 30.0 : static_cast<double>(i) - 0.5);
    }
  }
  Tensor delta;
  Tensor zero;
};

TEST(CudaFakeQuantize, EqualsTheCpuForEveryTypeLayoutAndAxis) {
  for (DLDataType type : kFloatTypes) {
    for (Layout layout : kDeviceInputLayouts) {
      for (const Case& c : kCases) {
        SCOPED_TRACE(TypeName(type) + ", layout " + std::to_string(static_cast<int>(layout)) + ", axis " +
                     std::to_string(c.axis));
        GridTensors grid(c);
        Tensor x(type, {4, 6, 37}, layout);
        x.Fill(MixedValues(x.count(), kScale, 3));
        const Layout out_layout = layout == Layout::kExpanded ? Layout::kGaps : layout;
        ExpectSameOnDevice({&grid.delta, &grid.zero, &x}, OneOutput(type, x.shape(), out_layout),
                           [&](const Tensors& in, const Tensors& out) {
                             const octet_grid g = GridOf(c, in);
                             return octet_fake_quantize(&g, in[2], out[0], nullptr);
                           });
      }
    }
  }
}

TEST(CudaFakeQuantizePartials, EqualTheCpu) {
  for (DLDataType type : kFloatTypes) {
    for (const Case& c : kCases) {
      SCOPED_TRACE(TypeName(type) + ", axis " + std::to_string(c.axis));
      GridTensors grid(c);
      Tensor x(type, {4, 6, 37}, Layout::kShifted);
      x.Fill(MixedValues(x.count(), kScale, 4));
      const auto four = [&] {
        std::vector<Tensor> outputs;
        for (Layout layout : {Layout::kCompact, Layout::kShifted, Layout::kGaps, Layout::kTransposed}) {
          outputs.emplace_back(type, x.shape(), layout);
        }
        return outputs;
      };
      ExpectSameOnDevice({&grid.delta, &grid.zero, &x}, four, [&](const Tensors& in, const Tensors& out) {
        const octet_grid g = GridOf(c, in);
        return octet_fake_quantize_partials(&g, in[2], out[0], out[1], out[2], out[3], nullptr);
      });
      ExpectSameOnDevice({&grid.delta, &grid.zero, &x}, OneOutput(type, x.shape()),
                         [&](const Tensors& in, const Tensors& out) {
                           const octet_grid g = GridOf(c, in);
                           return octet_fake_quantize_partials(&g, in[2], nullptr, nullptr, out[0], nullptr, nullptr);
                         });
    }
  }
}

TEST(CudaFakeQuantizeBackward, GivesTheGradientOfX) {
  for (DLDataType type : kFloatTypes) {
    for (const Case& c : kCases) {
      GridTensors grid(c);
      Tensor x(type, {4, 6, 37}, Layout::kGaps);
      Tensor grad(type, {4, 6, 37}, Layout::kShifted);
      x.Fill(MixedValues(x.count(), kScale, 5));
      grad.Fill(MixedValues(x.count(), kScale, 6));
      ExpectSameOnDevice({&grid.delta, &grid.zero, &x, &grad}, OneOutput(type, x.shape()),
                         [&](const Tensors& in, const Tensors& out) {
                           const octet_grid g = GridOf(c, in);
                           return octet_fake_quantize_backward(&g, in[2], in[3], out[0], nullptr, nullptr, nullptr);
                         });
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
