// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>

#include "support/naive.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr float kScale = 0.0371f;

TEST(Quantize, EqualsTheFormulaForEveryPairOfTypes) {
  for (DLDataType type : kFloatTypes) {
    for (DLDataType code_type : {kS8, kU8, kS32, kF32}) {
      for (Layout layout : kOutputLayouts) {
        SCOPED_TRACE(TypeName(type) + " to " + TypeName(code_type));
        Tensor x(type, {5, 61}, Layout::kGaps);
        x.Fill(MixedValues(x.count(), kScale, 2));
        Tensor delta = Tensor::Scalar(kScale);
        Tensor zero = Tensor::Scalar(5.0f);
        const octet_grid grid = {delta.dl(), zero.dl(), 0.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> codes;
          codes.emplace_back(code_type, x.shape(), layout);
          EXPECT_OK(octet_quantize(&grid, x.dl(), codes[0].dl(), nullptr));
          return codes;
        });
        const NaiveGrid naive = {kScale, 5.0f, 0.0f, 127.0f};
        for (int64_t i = 0; i < x.count(); ++i) {
          const float expected = naive.Code(static_cast<float>(x.Get(i)));
          if (!std::isnan(expected)) {
            ASSERT_EQ(outputs[0].Get(i), static_cast<double>(expected));
          } else if (code_type.code == kDLFloat) {
            ASSERT_TRUE(std::isnan(outputs[0].Get(i)));
          } else {
            ASSERT_EQ(outputs[0].Get(i), 5.0);
          }
        }
      }
    }
  }
}

// Where a quotient lies next to a tie, an error of one unit in the last place would be another code.
TEST(Quantize, RoundsAsTheTrueDivisionDoesNextToTies) {
  std::vector<float> scales = RandomValues(400, 1.0f, 21);
  for (float scale :
       {1.0f, 3.0f, 1.0f / 255.0f, 0x1.fffffep-4f, 0x1.000002p3f, 1e-8f, 1e-30f, 1e30f, 0x1p-60f, 0x1p60f}) {
    scales.push_back(scale);
  }
  std::vector<float> values;
  for (float scale : scales) {
    scale = std::abs(scale) + 1e-30f;
    values.clear();
    for (int code = -140; code <= 140; ++code) {
      float x = (static_cast<float>(code) + 0.5f) * scale;
      for (int step = 0; step < 3; ++step) x = std::nextafter(x, -INFINITY);
      for (int step = 0; step < 7; ++step, x = std::nextafter(x, INFINITY)) values.push_back(x);
    }
    for (float x : {0.0f, -0.0f, 1e-45f, 3e38f, -3e38f, INFINITY, -INFINITY}) values.push_back(x);
    Tensor x = Tensor::Of(values);
    Tensor delta = Tensor::Scalar(scale);
    const octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-38f, -1};
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> codes;
      codes.emplace_back(kS8, x.shape());
      EXPECT_OK(octet_quantize(&grid, x.dl(), codes[0].dl(), nullptr));
      return codes;
    });
    const NaiveGrid naive = {scale, 0.0f, -128.0f, 127.0f};
    for (int64_t i = 0; i < x.count(); ++i) {
      ASSERT_EQ(outputs[0].Get(i), static_cast<double>(naive.Code(values[static_cast<size_t>(i)])))
          << values[static_cast<size_t>(i)] << " / " << scale;
    }
  }
}

TEST(Quantize, ReachesTheEndsOfTheTypes) {
  Tensor x = Tensor::Of({-1000.0f, 1000.0f, -1.0f, 300.0f});
  Tensor delta = Tensor::Scalar(1.0f);
  Tensor signed_codes(kS8, {4});
  Tensor unsigned_codes(kU8, {4});
  const octet_grid signed_grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const octet_grid unsigned_grid = {delta.dl(), nullptr, 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  const KeepSettings keep;
  for (octet_isa isa : AvailableIsas()) {
    ASSERT_OK(octet_set_isa(isa));
    ASSERT_OK(octet_quantize(&signed_grid, x.dl(), signed_codes.dl(), nullptr));
    ASSERT_OK(octet_quantize(&unsigned_grid, x.dl(), unsigned_codes.dl(), nullptr));
    EXPECT_EQ(signed_codes.Get(0), -128.0);
    EXPECT_EQ(signed_codes.Get(1), 127.0);
    EXPECT_EQ(signed_codes.Get(2), -1.0);
    EXPECT_EQ(unsigned_codes.Get(0), 0.0);
    EXPECT_EQ(unsigned_codes.Get(3), 255.0);
  }
}

TEST(Dequantize, EqualsTheFormulaForEveryPairOfTypes) {
  for (DLDataType code_type : {kS8, kU8, kS32, kF32}) {
    for (DLDataType type : kFloatTypes) {
      for (int axis : {-1, 0, 1}) {
        SCOPED_TRACE(TypeName(code_type) + " to " + TypeName(type));
        Tensor codes(code_type, {6, 47}, Layout::kTransposed);
        for (int64_t i = 0; i < codes.count(); ++i) {
          double code = static_cast<double>(i % 256);
          if (code_type.code == kDLInt && code_type.bits == 8) code -= 128;
          if (code_type.bits == 32) code = code * 1000003 - 1e8;
          codes.Set(i, code);
        }
        const int64_t channels = axis < 0 ? 1 : codes.shape()[static_cast<size_t>(axis)];
        Tensor delta(kF32, {channels});
        Tensor zero(kF32, {channels});
        for (int64_t c = 0; c < channels; ++c) {
          delta.Set(c, 0.013 * static_cast<double>(c + 1));
          zero.Set(c, static_cast<double>(c));
        }
        const octet_grid grid = {delta.dl(), zero.dl(), 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, axis};
        const auto outputs = SameOnAllPaths([&] {
          std::vector<Tensor> out;
          out.emplace_back(type, codes.shape(), Layout::kGaps);
          EXPECT_OK(octet_dequantize(&grid, codes.dl(), out[0].dl(), nullptr));
          return out;
        });
        for (int64_t i = 0; i < codes.count(); ++i) {
          const int64_t c = axis < 0 ? 0 : codes.IndexAlong(axis, i);
          const float value =
              static_cast<float>(delta.Get(c)) * (static_cast<float>(codes.Get(i)) - static_cast<float>(zero.Get(c)));
          Tensor rounded(type, {1});
          rounded.Set(0, static_cast<double>(value));
          ASSERT_EQ(outputs[0].Get(i), rounded.Get(0)) << "code " << codes.Get(i);
        }
      }
    }
  }
}

TEST(Dequantize, UndoesQuantize) {
  Tensor x = Tensor::Of(RandomValues(1000, 1.0f, 8));
  Tensor delta = Tensor::Scalar(kScale);
  Tensor codes(kS8, {1000});
  Tensor out(kF32, {1000});
  Tensor expected(kF32, {1000});
  const octet_grid grid = {delta.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  ASSERT_OK(octet_quantize(&grid, x.dl(), codes.dl(), nullptr));
  ASSERT_OK(octet_dequantize(&grid, codes.dl(), out.dl(), nullptr));
  ASSERT_OK(octet_fake_quantize(&grid, x.dl(), expected.dl(), nullptr));
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(out.Get(i), expected.Get(i));
}

/** What fake quantization makes of x is on the grid, but for NaN; what else there is is found, wherever it is. */
TEST(FirstOffGrid, FindsTheFirstValueThatIsNot) {
  Tensor delta = Tensor::Scalar(kScale);
  Tensor zero = Tensor::Scalar(3.0f);
  const octet_grid grid = {delta.dl(), zero.dl(), 0.0f, 255.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  // More than one piece of work, and sizes that fill no vector.
  for (int64_t columns : {1, 7, 1031, 50021}) {
    for (Layout layout : kInputLayouts) {
      SCOPED_TRACE(columns);
      Tensor values(kF32, {3, columns});
      values.Fill(RandomValues(values.count(), 4.0f, 9));
      Tensor x(kF32, {3, columns}, layout);
      ASSERT_OK(octet_fake_quantize(&grid, values.dl(), values.dl(), nullptr));
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, values.Get(layout == Layout::kExpanded ? i % columns : i));
      const KeepSettings keep;
      for (octet_isa isa : AvailableIsas()) {
        ASSERT_OK(octet_set_isa(isa));
        for (int32_t threads : {1, 4}) {
          ASSERT_OK(octet_set_num_threads(threads));
          int64_t index = 0;
          ASSERT_OK(octet_first_off_grid(&grid, x.dl(), &index, nullptr));
          EXPECT_EQ(index, -1);
          if (layout == Layout::kExpanded) continue;
          for (int64_t place : {x.count() - 1, x.count() / 2, int64_t{0}}) {
            for (float off : {std::nanf(""), HUGE_VALF, kScale * 0.5f, kScale * 300.0f, -kScale * 4.0f}) {
              const double before = x.Get(place);
              x.Set(place, static_cast<double>(off));
              ASSERT_OK(octet_first_off_grid(&grid, x.dl(), &index, nullptr));
              EXPECT_EQ(index, place) << off;
              x.Set(place, before);
            }
          }
        }
      }
    }
  }
}

TEST(FirstOffGrid, TakesNothingAndZerosOfBothSigns) {
  Tensor delta = Tensor::Scalar(kScale);
  const octet_grid grid = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  Tensor nothing(kF32, {0, 4});
  Tensor zeros = Tensor::Of({0.0f, -0.0f});
  int64_t index = 5;
  ASSERT_OK(octet_first_off_grid(&grid, nothing.dl(), &index, nullptr));
  EXPECT_EQ(index, -1);
  ASSERT_OK(octet_first_off_grid(&grid, zeros.dl(), &index, nullptr));
  EXPECT_EQ(index, -1);
}

TEST(FirstOffGrid, RefusesWhatItDoesNotTake) {
  Tensor x = Tensor::Of({1.0f, 2.0f});
  Tensor delta = Tensor::Of({1.0f, 1.0f});
  Tensor halves(kF16, {2});
  int64_t index = 0;
  const octet_grid per_channel = {delta.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
  EXPECT_INVALID(octet_first_off_grid(&per_channel, x.dl(), &index, nullptr), "grid.axis is 0");
  Tensor one = Tensor::Scalar(1.0f);
  const octet_grid grid = {one.dl(), nullptr, -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  EXPECT_INVALID(octet_first_off_grid(&grid, halves.dl(), &index, nullptr), "x");
  EXPECT_INVALID(octet_first_off_grid(&grid, x.dl(), nullptr, nullptr), "index");
}

}  // namespace
}  // namespace test
}  // namespace octet
