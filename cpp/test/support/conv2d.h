// SPDX-License-Identifier: Apache-2.0
// Convolutions for tests: operands, packed weights, and the documented formula written down a second time.
#ifndef OCTET_TEST_SUPPORT_CONV2D_H_
#define OCTET_TEST_SUPPORT_CONV2D_H_

#include <memory>
#include <string>
#include <vector>

#include "octet/octet.h"
#include "support/gemm.h"
#include "support/tensor.h"

namespace octet {
namespace test {

struct ConvShape {
  int64_t n, h, w, c;
  int64_t out_c, kernel_h, kernel_w;
  octet_conv2d_params params;

  int64_t out_h() const;
  int64_t out_w() const;
  std::string Words() const;
};

/** One stride, padding and dilation for both dimensions. */
octet_conv2d_params Params(int32_t stride = 1, int32_t pad = 0, int32_t dilation = 1, int32_t groups = 1);

/** Random codes of a kind with a grid, and the block packed from them. */
class ConvWeights {
 public:
  ConvWeights(const ConvShape& shape, const WeightKind& kind, uint32_t seed);

  const octet_grid& grid();
  void Pack();

  float scale(int64_t o) const { return static_cast<float>(delta.Get(kind.per_channel ? o : 0)); }
  int64_t zero_point(int64_t o) const {
    return kind.zero_points ? static_cast<int64_t>(zero.Get(kind.per_channel ? o : 0)) : 0;
  }

  const ConvShape shape;
  const WeightKind kind;
  Tensor codes;
  Tensor delta;
  Tensor zero;
  std::unique_ptr<Aligned> packed;

 private:
  octet_grid grid_;
};

/** The exact sum of (x - x_zero) * (w - w_zero) for an element of the output; x holds codes in the order NHWC. */
int64_t ExactConvolution(const std::vector<int>& x, int64_t x_zero, const ConvWeights& weights, int64_t n, int64_t y,
                         int64_t column, int64_t o);

/** Runs the convolution with a workspace of its own. */
octet_status RunConv2d(const DLTensor* x, const octet_grid* x_grid, const ConvWeights& weights,
                       const octet_epilogue* epilogue, DLTensor* out);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_CONV2D_H_
