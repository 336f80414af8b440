// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Images of values on their grid, with a NaN among floats. Channels-first if the layout is transposed. */
Tensor Images(DLDataType type, std::vector<int64_t> shape, Layout layout, const TensorGrid& grid) {
  Tensor tensor(type, std::move(shape), layout);
  const std::vector<float> values = RandomValues(tensor.count(), 2.0f, 3);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    tensor.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  }
  if (type.bits != 8 && tensor.count() > 50) tensor.Set(50, std::nan(""));
  return tensor;
}

const octet_pool2d_params kWindows[] = {{3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 0},
                                        {2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1},
                                        {1, 4, 1, 3, 0, 2, 0, 3, 1, 1, 0},
                                        {3, 2, 1, 1, 3, 1, 2, 0, 2, 2, 1},
                                        {7, 9, 1, 1, 0, 0, 0, 0, 1, 1, 0}};

TEST(CudaPool, EqualsTheCpuForEveryTypeLayoutAndWindow) {
  for (DLDataType type : kValueTypes) {
    for (Layout layout : {Layout::kCompact, Layout::kShifted, Layout::kTransposed}) {
      for (const octet_pool2d_params& window : kWindows) {
        for (int64_t channels : {1, 16, 19}) {
          SCOPED_TRACE(TypeName(type) + ", kernel " + std::to_string(window.kernel_h) + ", channels " +
                       std::to_string(channels));
          const TensorGrid grid(type, 0.03f, 5.0f);
          Tensor x = Images(type, {2, 9, 11, channels}, layout, grid);
          int64_t out_h = 0;
          int64_t out_w = 0;
          ASSERT_OK(octet_pool2d_out_size(&window, 9, 11, &out_h, &out_w));
          ExpectSameOnDevice(
              {&x}, OneOutput(type, {2, out_h, out_w, channels}, layout),
              [&](const Tensors& in, const Tensors& out) { return octet_max_pool2d(in[0], &window, out[0], nullptr); });
          if (window.dilation_h != 1) continue;
          for (int64_t divisor : {0, 7}) {
            for (int32_t count_include_pad : {0, 1}) {
              ExpectSameOnDevice({&x}, OneOutput(kF32, {2, out_h, out_w, channels}, layout),
                                 [&](const Tensors& in, const Tensors& out) {
                                   return octet_avg_pool2d(in[0], grid.get(), &window, count_include_pad, divisor,
                                                           out[0], nullptr, nullptr);
                                 });
            }
          }
        }
      }
    }
  }
}

TEST(CudaPool, SharesOutImages) {
  for (DLDataType type : kValueTypes) {
    for (auto size : {std::pair<int64_t, int64_t>{1, 1}, {3, 4}, {12, 13}}) {
      const TensorGrid grid(type, 0.03f, 5.0f);
      const TensorGrid out_grid(type, 0.02f, 7.0f);
      Tensor x = Images(type, {2, 9, 11, 40}, Layout::kCompact, grid);
      ExpectSameOnDevice({&x}, OneOutput(type, {2, size.first, size.second, 40}, Layout::kShifted),
                         [&](const Tensors& in, const Tensors& out) {
                           return octet_adaptive_avg_pool2d(in[0], grid.get(), out[0], out_grid.get(), nullptr);
                         });
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
