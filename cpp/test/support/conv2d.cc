// SPDX-License-Identifier: Apache-2.0
#include "support/conv2d.h"

namespace octet {
namespace test {
namespace {

int64_t OutSize(int64_t size, int64_t before, int64_t after, int64_t kernel, int64_t dilation, int64_t stride) {
  return (size + before + after - dilation * (kernel - 1) - 1) / stride + 1;
}

}  // namespace

int64_t ConvShape::out_h() const {
  return OutSize(h, params.pad_top, params.pad_bottom, kernel_h, params.dilation_h, params.stride_h);
}

int64_t ConvShape::out_w() const {
  return OutSize(w, params.pad_left, params.pad_right, kernel_w, params.dilation_w, params.stride_w);
}

std::string ConvShape::Words() const {
  const auto list = [](std::vector<int64_t> values) {
    std::string words;
    for (int64_t value : values) words += (words.empty() ? "" : " x ") + std::to_string(value);
    return words;
  };
  return list({n, h, w, c}) + " * " + list({out_c, kernel_h, kernel_w}) + ", stride " +
         list({params.stride_h, params.stride_w}) + ", padding " +
         list({params.pad_top, params.pad_left, params.pad_bottom, params.pad_right}) + ", dilation " +
         list({params.dilation_h, params.dilation_w}) + ", groups " + std::to_string(params.groups);
}

octet_conv2d_params Params(int32_t stride, int32_t pad, int32_t dilation, int32_t groups) {
  return {stride, stride, pad, pad, pad, pad, dilation, dilation, groups};
}

ConvWeights::ConvWeights(const ConvShape& conv_shape, const WeightKind& weight_kind, uint32_t seed)
    : shape(conv_shape),
      kind(weight_kind),
      codes(weight_kind.type, {shape.out_c, shape.c / shape.params.groups, shape.kernel_h, shape.kernel_w}),
      delta(kF32, {weight_kind.per_channel ? shape.out_c : 1}),
      zero(kF32, {weight_kind.per_channel ? shape.out_c : 1}) {
  codes.Fill(RandomCodes(codes.count(), kind.least, kind.greatest, seed));
  for (int64_t i = 0; i < delta.count(); ++i) {
    delta.Set(i, 0.003 + 0.0007 * static_cast<double>(i % 13));
    zero.Set(i, kind.least + static_cast<double>((i * 37 + 5) % (kind.greatest - kind.least + 1)));
  }
}

const octet_grid& ConvWeights::grid() {
  grid_ = {delta.dl(),
           kind.zero_points ? zero.dl() : nullptr,
           static_cast<float>(kind.least),
           static_cast<float>(kind.greatest),
           OCTET_SCALE_LINEAR,
           1e-8f,
           kind.per_channel ? 0 : -1};
  return grid_;
}

void ConvWeights::Pack() {
  size_t bytes = 0;
  ASSERT_OK(octet_conv2d_pack_size(codes.dl(), &shape.params, kind.format, &bytes));
  packed = std::make_unique<Aligned>(bytes);
  ASSERT_OK(octet_conv2d_pack(codes.dl(), &grid(), &shape.params, kind.format, packed->data(), packed->size()));
}

int64_t ExactConvolution(const std::vector<int>& x, int64_t x_zero, const ConvWeights& weights, int64_t n, int64_t y,
                         int64_t column, int64_t o) {
  const ConvShape& s = weights.shape;
  const octet_conv2d_params& p = s.params;
  const int64_t channels = s.c / p.groups;
  const int64_t first_channel = o / (s.out_c / p.groups) * channels;
  int64_t sum = 0;
  for (int64_t r = 0; r < s.kernel_h; ++r) {
    const int64_t line = y * p.stride_h - p.pad_top + r * p.dilation_h;
    if (line < 0 || line >= s.h) continue;
    for (int64_t q = 0; q < s.kernel_w; ++q) {
      const int64_t pixel = column * p.stride_w - p.pad_left + q * p.dilation_w;
      if (pixel < 0 || pixel >= s.w) continue;
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t code = x[static_cast<size_t>(((n * s.h + line) * s.w + pixel) * s.c + first_channel + c)];
        const auto weight =
            static_cast<int64_t>(weights.codes.Get(((o * channels + c) * s.kernel_h + r) * s.kernel_w + q));
        sum += (code - x_zero) * (weight - weights.zero_point(o));
      }
    }
  }
  return sum;
}

octet_status RunConv2d(const DLTensor* x, const octet_grid* x_grid, const ConvWeights& weights,
                       const octet_epilogue* epilogue, DLTensor* out) {
  const Aligned& packed = *weights.packed;
  size_t bytes = 0;
  const octet_status status = octet_conv2d_workspace_size(x, packed.data(), packed.size(), &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  return octet_conv2d(x, x_grid, packed.data(), packed.size(), epilogue, out, workspace.data(), workspace.size(),
                      nullptr);
}

}  // namespace test
}  // namespace octet
