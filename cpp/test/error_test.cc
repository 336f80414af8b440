// SPDX-License-Identifier: Apache-2.0
// Wrong arguments: the status, and that the message names the function, the argument, what it was and what is expected.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>

#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

class Errors : public testing::Test {
 protected:
  Errors() { x.Fill(RandomValues(12, 1.0f, 1)); }

  octet_status Call(const DLTensor* in, DLTensor* to) { return octet_fake_quantize(&grid, in, to, nullptr); }
  octet_status Call() { return Call(x.dl(), out.dl()); }

  Tensor x{kF32, {3, 4}};
  Tensor out{kF32, {3, 4}};
  Tensor delta = Tensor::Scalar(0.1f);
  octet_grid grid{delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
};

TEST_F(Errors, NullPointers) {
  EXPECT_OK(Call());
  EXPECT_INVALID(octet_fake_quantize(nullptr, x.dl(), out.dl(), nullptr), "octet_fake_quantize", "grid", "null");
  EXPECT_INVALID(Call(nullptr, out.dl()), "x is null");
  EXPECT_INVALID(Call(x.dl(), nullptr), "out is null");
  grid.delta = nullptr;
  EXPECT_INVALID(Call(), "grid.delta is null");
  EXPECT_INVALID(octet_min_max(nullptr, -1, nullptr, nullptr, nullptr), "octet_min_max", "x is null");
  EXPECT_INVALID(octet_grid_limits(8, 0, nullptr, nullptr), "int_min is null");
  EXPECT_INVALID(octet_percentile_workspace_size(x.dl(), -1, nullptr), "bytes is null");
  EXPECT_INVALID(
      octet_grid_from_range(nullptr, nullptr, OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f, nullptr, nullptr, nullptr),
      "x_min is null");
}

TEST_F(Errors, NullDataAndShape) {
  x.dl()->data = nullptr;
  EXPECT_INVALID(Call(), "x.data is null", "[3, 4]");
  DLTensor no_shape = *out.dl();
  no_shape.shape = nullptr;
  Tensor good(kF32, {3, 4});
  EXPECT_INVALID(Call(good.dl(), &no_shape), "out.shape is null", "ndim 2");
}

TEST_F(Errors, Types) {
  Tensor integers(kS8, {3, 4});
  Tensor half(kF16, {3, 4});
  Tensor wide(kF64, {});
  EXPECT_INVALID(Call(integers.dl(), out.dl()), "x has dtype s8", "f32, f16 or bf16");
  EXPECT_INVALID(Call(x.dl(), half.dl()), "out has dtype f16", "f32");
  DLTensor lanes = *x.dl();
  lanes.dtype.lanes = 4;
  EXPECT_INVALID(Call(&lanes, out.dl()), "x has dtype", "lanes 4");
  grid.delta = wide.dl();
  EXPECT_INVALID(Call(), "grid.delta has dtype f64", "f32");
}

TEST_F(Errors, Shapes) {
  Tensor other(kF32, {4, 3});
  EXPECT_INVALID(Call(x.dl(), other.dl()), "out has shape [4, 3]", "x, [3, 4]");
  Tensor negative(kF32, {3, 4});
  DLTensor bad = *negative.dl();
  int64_t shape[] = {3, -4};
  bad.shape = shape;
  EXPECT_INVALID(Call(&bad, out.dl()), "x has shape [3, -4]");
  bad.ndim = -1;
  EXPECT_INVALID(Call(&bad, out.dl()), "x has ndim -1", "0 to 32");
  bad.ndim = 33;
  EXPECT_INVALID(Call(&bad, out.dl()), "x has ndim 33");
}

TEST_F(Errors, HugeSizes) {
  DLTensor huge = *x.dl();
  int64_t shape[] = {INT64_MAX, INT64_MAX};
  huge.shape = shape;
  huge.strides = nullptr;
  EXPECT_INVALID(Call(&huge, out.dl()), "x has shape", "2^60");
  shape[0] = int64_t{1} << 40;
  shape[1] = int64_t{1} << 19;
  EXPECT_INVALID(Call(&huge, out.dl()), "x has shape", "2^60");
  int64_t strides[] = {INT64_MIN, 1};
  shape[0] = 2;
  shape[1] = 2;
  huge.strides = strides;
  EXPECT_INVALID(Call(&huge, out.dl()), "x has strides", "2^60");
  strides[0] = INT64_MAX / 2;
  EXPECT_INVALID(Call(&huge, out.dl()), "x has strides", "2^60");
  DLTensor offset = *x.dl();
  offset.byte_offset = UINT64_MAX;
  EXPECT_INVALID(Call(&offset, out.dl()), "x.byte_offset");
  // Elements none, sizes huge.
  int64_t empty_shape[] = {INT64_MAX, 0, INT64_MAX};
  DLTensor empty = {nullptr, {kDLCPU, 0}, 3, kF32, empty_shape, nullptr, 0};
  DLTensor empty_out = empty;
  EXPECT_OK(Call(&empty, &empty_out));
}

TEST_F(Errors, OutputsThatOverlap) {
  DLTensor expanded = *out.dl();
  int64_t zero_strides[] = {0, 1};
  expanded.strides = zero_strides;
  EXPECT_INVALID(Call(x.dl(), &expanded), "out has strides [0, 1]", "share memory");
  int64_t overlapping[] = {2, 1};
  expanded.strides = overlapping;
  EXPECT_INVALID(Call(x.dl(), &expanded), "out has strides [2, 1]", "share memory");
  DLTensor shifted = *x.dl();
  shifted.byte_offset += 4;
  EXPECT_INVALID(Call(x.dl(), &shifted), "out shares memory with x");
  Tensor square(kF32, {4, 4});
  DLTensor transposed = *square.dl();
  int64_t swapped[] = {1, 4};
  transposed.strides = swapped;
  EXPECT_INVALID(Call(square.dl(), &transposed), "out shares memory with x", "strides");
  EXPECT_INVALID(octet_fake_quantize_partials(&grid, x.dl(), out.dl(), out.dl(), nullptr, nullptr, nullptr),
                 "d_x shares memory with out");
  EXPECT_INVALID(octet_fake_quantize_partials(&grid, x.dl(), nullptr, x.dl(), nullptr, nullptr, nullptr),
                 "d_x shares memory with x");
}

TEST_F(Errors, InputsThatInterleaveAreFine) {
  Tensor both(kF32, {12, 2});
  both.Fill(RandomValues(24, 1.0f, 2));
  int64_t shape[] = {12};
  int64_t strides[] = {2};
  DLTensor left = *both.dl();
  left.ndim = 1;
  left.shape = shape;
  left.strides = strides;
  DLTensor right = left;
  right.byte_offset += 4;
  EXPECT_OK(Call(&left, &right));
}

TEST_F(Errors, Devices) {
  DLTensor cuda = *x.dl();
  cuda.device = {kDLCUDA, 1};
  // Without a device (or this library's kernels) that is the reason; with one, out is in the wrong place.
  if (octet_cuda_available() == 0) {
    EXPECT_TRUE(Says(Call(&cuda, out.dl()), OCTET_UNSUPPORTED, {"x is on cuda:1", octet_cuda_unavailable()}));
  }
  DLTensor cuda_delta = *delta.dl();
  cuda_delta.device = {kDLCUDA, 0};
  grid.delta = &cuda_delta;
  EXPECT_INVALID(Call(), "grid.delta is on cuda:0", "cpu", "x");
  DLTensor other = *x.dl();
  other.device.device_type = static_cast<DLDeviceType>(7);
  EXPECT_INVALID(Call(&other, out.dl()), "x is on device type 7");
  grid.delta = delta.dl();
  int stream = 0;
  EXPECT_INVALID(octet_fake_quantize(&grid, x.dl(), out.dl(), &stream), "stream", "null");
}

TEST_F(Errors, Grids) {
  Tensor two = Tensor::Of({0.1f, 0.2f});
  Tensor five = Tensor::Of({1, 2, 3, 4, 5});
  grid.delta = two.dl();
  EXPECT_INVALID(Call(), "grid.delta has shape [2]", "expected 1", "axis is -1");
  grid.axis = 0;
  EXPECT_INVALID(Call(), "grid.delta has 2 elements", "divisor of 3", "dimension 0");
  grid.axis = 1;
  EXPECT_OK(Call());
  for (int32_t axis : {2, -2, 100, INT32_MIN}) {
    grid.axis = axis;
    EXPECT_INVALID(Call(), "grid.axis is " + std::to_string(axis), "[3, 4]");
  }
  grid.axis = 1;
  grid.zero_float = five.dl();
  EXPECT_INVALID(Call(), "grid.zero_float has shape [5]", "expected 2");
  Tensor gaps(kF32, {2}, Layout::kGaps);
  grid.zero_float = nullptr;
  grid.delta = gaps.dl();
  EXPECT_INVALID(Call(), "grid.delta has strides [3]", "compact");
  Tensor none(kF32, {0});
  grid.delta = none.dl();
  EXPECT_INVALID(Call(), "grid.delta has 0 elements");
}

TEST_F(Errors, GridNumbers) {
  for (auto ends : {std::pair<float, float>{8.0f, 7.0f}, {NAN, 7.0f}, {0.0f, NAN}, {0.0f, INFINITY}, {-3e7f, 0.0f}}) {
    grid.int_min = ends.first;
    grid.int_max = ends.second;
    EXPECT_INVALID(Call(), "grid.int_min", "grid.int_max", "2^24");
  }
  grid.int_min = -8.0f;
  grid.int_max = 7.0f;
  for (float eps : {0.0f, -1.0f, NAN, INFINITY}) {
    grid.eps = eps;
    EXPECT_INVALID(Call(), "grid.eps", "above 0");
  }
  grid.eps = 1e-8f;
  grid.scale_domain = static_cast<octet_scale_domain>(5);
  EXPECT_INVALID(Call(), "grid.scale_domain is 5");
}

TEST_F(Errors, Backward) {
  Tensor grad(kF32, {1});
  EXPECT_INVALID(octet_fake_quantize_backward(&grid, x.dl(), out.dl(), nullptr, nullptr, grad.dl(), nullptr),
                 "grad_zero_float is given", "grid.zero_float is null");
  EXPECT_INVALID(octet_fake_quantize_backward(&grid, x.dl(), nullptr, nullptr, grad.dl(), nullptr, nullptr),
                 "grad_out is null");
  Tensor three(kF32, {3});
  EXPECT_INVALID(octet_fake_quantize_backward(&grid, x.dl(), out.dl(), nullptr, three.dl(), nullptr, nullptr),
                 "grad_delta has shape [3]", "expected 1");
  EXPECT_INVALID(octet_fake_quantize_partials(&grid, x.dl(), nullptr, nullptr, nullptr, out.dl(), nullptr),
                 "d_zero is given");
}

TEST_F(Errors, QuantizeNeedsRoomForCodes) {
  Tensor codes(kS8, {3, 4});
  grid.int_min = 0.0f;
  grid.int_max = 255.0f;
  EXPECT_INVALID(octet_quantize(&grid, x.dl(), codes.dl(), nullptr), "codes has dtype s8", "0 to 255");
  grid.int_min = -8.0f;
  Tensor unsigned_codes(kU8, {3, 4});
  EXPECT_INVALID(octet_quantize(&grid, x.dl(), unsigned_codes.dl(), nullptr), "codes has dtype u8", "-8 to 255");
  Tensor wide(kF64, {3, 4});
  EXPECT_INVALID(octet_quantize(&grid, x.dl(), wide.dl(), nullptr), "codes has dtype f64");
  EXPECT_INVALID(octet_dequantize(&grid, wide.dl(), out.dl(), nullptr), "codes has dtype f64");
}

TEST_F(Errors, Ranges) {
  Tensor one(kF32, {1});
  Tensor other(kF32, {1});
  EXPECT_INVALID(octet_min_max(x.dl(), 2, one.dl(), other.dl(), nullptr), "axis is 2");
  EXPECT_INVALID(octet_min_max(x.dl(), 0, one.dl(), other.dl(), nullptr), "out_min has shape [1]", "expected 3");
  EXPECT_INVALID(octet_min_max(x.dl(), -1, one.dl(), one.dl(), nullptr), "out_max shares memory with out_min");
  alignas(64) char workspace[1024];
  for (double percent : {-0.1, 100.1, static_cast<double>(NAN)}) {
    EXPECT_INVALID(octet_percentile(x.dl(), -1, percent, 50, one.dl(), other.dl(), workspace, 1024, nullptr), "low is");
    EXPECT_INVALID(octet_percentile(x.dl(), -1, 50, percent, one.dl(), other.dl(), workspace, 1024, nullptr), "high is",
                   "0 to 100");
  }
  EXPECT_INVALID(octet_percentile(x.dl(), -1, 0, 50, one.dl(), other.dl(), workspace, 8, nullptr),
                 "workspace_bytes is 8", "at least");
  EXPECT_INVALID(octet_percentile(x.dl(), -1, 0, 50, one.dl(), other.dl(), nullptr, 1024, nullptr),
                 "workspace is null");
  EXPECT_INVALID(octet_percentile(x.dl(), -1, 0, 50, one.dl(), other.dl(), workspace + 4, 1000, nullptr),
                 "workspace is", "64");
}

TEST_F(Errors, GridFromRange) {
  Tensor mins = Tensor::Of({-1.0f});
  Tensor maxs = Tensor::Of({1.0f});
  Tensor two = Tensor::Of({1.0f, 2.0f});
  Tensor step(kF32, {1});
  Tensor zero(kF32, {1});
  int32_t is_signed = 0;
  const auto call = [&](Tensor& max, int scheme, int32_t bits, float eps, DLTensor* zero_float, int32_t* sign) {
    return octet_grid_from_range(mins.dl(), max.dl(), static_cast<octet_scheme>(scheme), bits, OCTET_SCALE_LINEAR, eps,
                                 step.dl(), zero_float, sign);
  };
  EXPECT_INVALID(call(two, 0, 8, 1e-8f, nullptr, &is_signed), "x_max", "as many as x_min");
  EXPECT_INVALID(call(maxs, 7, 8, 1e-8f, nullptr, &is_signed), "scheme is 7");
  EXPECT_INVALID(call(maxs, 0, 25, 1e-8f, nullptr, &is_signed), "n_bits is 25", "0 to 24");
  EXPECT_INVALID(call(maxs, 0, -1, 1e-8f, nullptr, &is_signed), "n_bits is -1");
  EXPECT_INVALID(call(maxs, 0, 8, 0.0f, nullptr, &is_signed), "eps is 0");
  EXPECT_INVALID(call(maxs, 0, 8, 1e-8f, zero.dl(), &is_signed), "zero_float is given", "symmetric");
  EXPECT_INVALID(call(maxs, 1, 8, 1e-8f, nullptr, &is_signed), "zero_float is null");
  EXPECT_INVALID(call(maxs, 0, 8, 1e-8f, nullptr, nullptr), "is_signed is null");
}

TEST_F(Errors, RangeMse) {
  Tensor mins = Tensor::Of({-1.0f, -2.0f});
  Tensor maxs = Tensor::Of({1.0f, 2.0f});
  Tensor loss(kF32, {1, 2});
  octet_range_mse_options options = {OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f};
  const auto call = [&](Tensor& max, Tensor& to, int32_t axis) {
    return octet_range_mse(x.dl(), axis, &options, mins.dl(), max.dl(), to.dl(), nullptr);
  };
  EXPECT_OK(call(maxs, loss, -1));
  EXPECT_INVALID(call(loss, loss, -1), "candidate_max has shape [1, 2]", "candidate_min, [2]");
  EXPECT_INVALID(call(maxs, loss, 0), "loss has shape [1, 2]", "expected [3, 2]");
  Tensor integers(kS32, {1, 2});
  EXPECT_INVALID(call(maxs, integers, -1), "loss has dtype s32", "f32 or f64");
  options.n_bits = 0;
  EXPECT_INVALID(call(maxs, loss, -1), "options.n_bits is 0", "1 to 24");
  EXPECT_INVALID(octet_range_mse(x.dl(), -1, nullptr, mins.dl(), maxs.dl(), loss.dl(), nullptr), "options is null");
}

TEST_F(Errors, LongShapesAreCutShort) {
  int64_t shape[32];
  for (int64_t& size : shape) size = 1234567890123;
  DLTensor tensor = *x.dl();
  tensor.ndim = 32;
  tensor.shape = shape;
  tensor.strides = nullptr;
  EXPECT_INVALID(Call(&tensor, out.dl()), "...]");
}

}  // namespace
}  // namespace test
}  // namespace octet
