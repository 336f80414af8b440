// SPDX-License-Identifier: Apache-2.0
// Codes that are made without divisions.
#include <gtest/gtest.h>

#include <cmath>

#include "octet/elementwise.h"
#include "octet/fake_quantize.h"
#include "octet/quantize.h"
#include "support/naive.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Numbers around the ties of a grid of step `scale`, and what is far from all codes. */
std::vector<float> ValuesAroundTies(float scale) {
  std::vector<float> values = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 3e38f, -3e38f, 1e-45f, -1e-39f};
  for (int k = -133; k <= 258; k += 1) {
    float value = (static_cast<float>(k) + 0.5f) * scale;
    for (int step = 0; step < 2; ++step) value = std::nextafter(value, -INFINITY);
    for (int step = 0; step < 5; ++step) {
      values.push_back(value);
      value = std::nextafter(value, INFINITY);
    }
  }
  return values;
}

TEST(CodesOnAGrid, AreThoseOfTrueDivisionsAroundTies) {
  std::vector<float> scales = {1e-38f, 0x1p-61f, 0x1p-60f, 0x1.fffffep-60f, 0x1p60f, 0x1.000002p60f, 1e30f,
                               1.0f,   0.5f,     0.1f,     0x1.fffffep-1f,  3.0f,    1.0f / 255.0f};
  // Mantissas of all sorts.
  for (float scale : RandomValues(200, 1.0f, 9)) scales.push_back(std::abs(scale) + 1e-6f);
  for (float scale : scales) {
    const std::vector<float> values = ValuesAroundTies(scale);
    const auto count = static_cast<int64_t>(values.size());
    Tensor x(kF32, {count});
    x.Fill(values);
    Tensor delta = Tensor::Scalar(scale);
    Tensor zero = Tensor::Scalar(3.0f);
    const octet_grid grid = {delta.dl(), zero.dl(), -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-45f, -1};
    const NaiveGrid naive = {scale, 3.0f, -128.0f, 127.0f};
    const KeepSettings keep;
    for (octet_isa isa : AvailableIsas()) {
      ASSERT_OK(octet_set_isa(isa));
      Tensor codes(kS8, {count});
      ASSERT_OK(octet_unary(OCTET_IDENTITY, 0.0f, 0.0f, x.dl(), nullptr, codes.dl(), &grid, nullptr));
      for (int64_t i = 0; i < count; ++i) {
        const float value = values[static_cast<size_t>(i)];
        const double expected = std::isnan(value) ? 3.0 : static_cast<double>(naive.Code(value));
        ASSERT_EQ(codes.Get(i), expected) << value << " / " << scale << ", " << octet_isa_name(isa);
      }
    }
  }
}

TEST(CodesOnAGrid, AreThoseOfTrueDivisionsOnGridsOfManySteps) {
  // Numbers around the ties and the ends of grids of 16 bits, and of one that true divisions alone can serve.
  struct Ends {
    float least;
    float greatest;
    float zero_point;
  };
  for (const Ends& ends : {Ends{-32768.0f, 32767.0f, 0.0f}, Ends{0.0f, 65535.0f, 12345.0f},
                           Ends{-1048576.0f, 1048575.0f, 0.0f}, Ends{-7.0f, 7.0f, -7.0f}}) {
    for (float random : RandomValues(40, 1.0f, 21)) {
      const float scale = std::abs(random) + 1e-6f;
      std::vector<float> values = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-45f};
      for (float k : {ends.least - 1.0f, ends.least, -4097.0f, -1.0f, 0.0f, 1023.0f, 33333.0f, ends.greatest - 1.0f,
                      ends.greatest}) {
        float value = (k - ends.zero_point + 0.5f) * scale;
        for (int step = 0; step < 3; ++step) value = std::nextafter(value, -INFINITY);
        for (int step = 0; step < 7; ++step) {
          values.push_back(value);
          value = std::nextafter(value, INFINITY);
        }
      }
      const auto count = static_cast<int64_t>(values.size());
      Tensor x(kF32, {count});
      x.Fill(values);
      Tensor delta = Tensor::Scalar(scale);
      Tensor zero = Tensor::Scalar(ends.zero_point);
      const octet_grid grid = {delta.dl(), zero.dl(), ends.least, ends.greatest, OCTET_SCALE_LINEAR, 1e-45f, -1};
      const NaiveGrid naive = {scale, ends.zero_point, ends.least, ends.greatest};
      const KeepSettings keep;
      for (octet_isa isa : AvailableIsas()) {
        ASSERT_OK(octet_set_isa(isa));
        Tensor codes(kS32, {count});
        ASSERT_OK(octet_quantize(&grid, x.dl(), codes.dl(), nullptr));
        Tensor faked(kF32, {count});
        ASSERT_OK(octet_fake_quantize(&grid, x.dl(), faked.dl(), nullptr));
        for (int64_t i = 0; i < count; ++i) {
          const float value = values[static_cast<size_t>(i)];
          SCOPED_TRACE(testing::Message() << value << " / " << scale << ", " << octet_isa_name(isa));
          if (std::isnan(value)) {
            ASSERT_EQ(codes.Get(i), static_cast<double>(ends.zero_point));
            ASSERT_TRUE(std::isnan(faked.Get(i)));
            continue;
          }
          const float code = naive.Code(value);
          ASSERT_EQ(codes.Get(i), static_cast<double>(code));
          ASSERT_EQ(faked.Get(i), static_cast<double>(naive.FakeQuantize(value)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
