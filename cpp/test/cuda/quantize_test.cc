// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/on_device.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0371f;
constexpr DLDataType kCodeTypes[] = {kS8, kU8, kS32, kF32};

/** Grids with an element for each group along an axis. */
struct Parameters {
  Parameters(int64_t count, bool log_domain) : delta(kF32, {count}), zero(kF32, {count}) {
    for (int64_t c = 0; c < count; ++c) {
      const float step = kScale * static_cast<float>(c + 1);
      delta.Set(c, log_domain ? std::log(step) : step);
      zero.Set(c, static_cast<double>(c) - 0.5);
    }
  }
  Tensor delta;
  Tensor zero;
};

void Quantizes(Tensor* x, DLDataType code_type, Layout layout, int32_t axis, int64_t groups, bool log_domain) {
  SCOPED_TRACE(TypeName(x->type()) + " to " + TypeName(code_type) + ", layout " +
               std::to_string(static_cast<int>(layout)) + ", axis " + std::to_string(axis));
  Parameters parameters(groups, log_domain);
  ExpectSameOnDevice({x, &parameters.delta, &parameters.zero}, OneOutput(code_type, x->shape(), layout),
                     [&](const Tensors& in, const Tensors& out) {
                       const octet_grid grid = {
                           in[1], in[2], 0.0f, 127.0f, log_domain ? OCTET_SCALE_LOG : OCTET_SCALE_LINEAR, 1e-8f, axis};
                       return octet_quantize(&grid, in[0], out[0], nullptr);
                     });
}

TEST(CudaQuantize, EqualsTheCpuForEveryPairOfTypes) {
  for (DLDataType type : kFloatTypes) {
    for (DLDataType code_type : kCodeTypes) {
      for (Layout layout : kDeviceOutputLayouts) {
        Tensor x(type, {5, 61}, Layout::kShifted);
        x.Fill(MixedValues(x.count(), kScale, 2));
        Quantizes(&x, code_type, layout, -1, 1, false);
      }
    }
  }
}

TEST(CudaQuantize, EqualsTheCpuForEveryLayoutAxisAndGroup) {
  for (Layout layout : kDeviceInputLayouts) {
    Tensor x(kF32, {4, 6, 37}, layout);
    x.Fill(MixedValues(x.count(), kScale, 3));
    Quantizes(&x, kU8, Layout::kCompact, 0, 4, false);
    Quantizes(&x, kU8, Layout::kGaps, 1, 6, true);
    Quantizes(&x, kU8, Layout::kCompact, 1, 3, false);
    Quantizes(&x, kU8, Layout::kShifted, 2, 37, false);
    Quantizes(&x, kU8, Layout::kTransposed, 2, 1, true);
  }
}

TEST(CudaQuantize, TakesAnyCountAndAlignment) {
  for (int64_t count : {0, 1, 3, 4, 5, 15, 16, 17, 31, 127, 1023, 1024, 1025}) {
    for (int64_t shift : {0, 1, 2, 3}) {
      Tensor all(kF16, {count + shift});
      all.Fill(MixedValues(count + shift, kScale, 4));
      Parameters parameters(1, false);
      ExpectSameOnDevice({&all, &parameters.delta}, OneOutput(kS8, {count}, Layout::kShifted),
                         [&](const Tensors& in, const Tensors& out) {
                           DLTensor x = *in[0];
                           int64_t shape[] = {count};
                           x.shape = shape;
                           x.byte_offset += static_cast<uint64_t>(2 * shift);
                           const octet_grid grid = {in[1], nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
                           return octet_quantize(&grid, &x, out[0], nullptr);
                         });
    }
  }
}

TEST(CudaDequantize, EqualsTheCpuForEveryPairOfTypes) {
  for (DLDataType code_type : kCodeTypes) {
    for (DLDataType type : kFloatTypes) {
      for (int32_t axis : {-1, 0, 1}) {
        SCOPED_TRACE(TypeName(code_type) + " to " + TypeName(type));
        Tensor codes(code_type, {6, 47}, axis == 0 ? Layout::kTransposed : Layout::kShifted);
        for (int64_t i = 0; i < codes.count(); ++i) {
          double code = static_cast<double>(i % 256);
          if (code_type.code == kDLInt && code_type.bits == 8) code -= 128;
          if (code_type.bits == 32) code = code * 1000003 - 1e8;
          codes.Set(i, code);
        }
        const int64_t groups = axis < 0 ? 1 : codes.shape()[static_cast<size_t>(axis)];
        Parameters parameters(groups, false);
        ExpectSameOnDevice({&codes, &parameters.delta, &parameters.zero}, OneOutput(type, codes.shape(), Layout::kGaps),
                           [&](const Tensors& in, const Tensors& out) {
                             const octet_grid grid = {in[1], in[2], 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, axis};
                             return octet_dequantize(&grid, in[0], out[0], nullptr);
                           });
      }
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
