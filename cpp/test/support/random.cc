// SPDX-License-Identifier: Apache-2.0
#include "support/random.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** One less than a tensor may have: some tests add a dimension. */
constexpr int64_t kMostDims = 31;

bool IsFloat(DLDataType type) { return type.code == kDLFloat || type.code == kDLBfloat; }

int64_t FromEnvironment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? 1 : std::max(1L, std::atol(text));
}

}  // namespace

int64_t Random::Between(int64_t least, int64_t greatest) {
  return std::uniform_int_distribution<int64_t>(least, greatest)(engine_);
}

float Random::Real(float least, float greatest) {
  return std::uniform_real_distribution<float>(least, greatest)(engine_);
}

int64_t Random::Size(int64_t greatest) {
  if (OneIn(40)) return 0;
  if (greatest <= 1 || OneIn(6)) return 1;
  if (OneIn(3)) {
    constexpr int64_t kPlaces[] = {4, 8, 16, 32, 64, 128, 256, 512, 1024};
    const int64_t size = Of(kPlaces) * Between(1, 2) + Between(-1, 1);
    if (size <= greatest) return size;
  }
  return Between(1, OneIn(2) ? std::min<int64_t>(greatest, 9) : greatest);
}

std::vector<int64_t> Random::Shape(int64_t least_dims, int64_t most_dims, int64_t most) {
  const bool many = most_dims > 3 && OneIn(6);
  if (many) most_dims = OneIn(4) ? kMostDims : 12;
  std::vector<int64_t> shape(static_cast<size_t>(Between(least_dims, most_dims)));
  for (int64_t& size : shape) {
    most = std::max<int64_t>(most, 1);
    size = many && !OneIn(6) ? Between(1, std::min<int64_t>(most, 3)) : Size(most);
    most /= std::max<int64_t>(size, 1);
  }
  std::shuffle(shape.begin(), shape.end(), engine_);
  return shape;
}

std::vector<int64_t> Random::Broadcast(const std::vector<int64_t>& shape, size_t kept) {
  std::vector<int64_t> result = shape;
  for (size_t d = 0; d + kept < result.size(); ++d) {
    if (OneIn(3)) result[d] = 1;
  }
  if (OneIn(3)) {
    const int64_t missing = Between(0, static_cast<int64_t>(shape.size() - kept));
    result.erase(result.begin(), result.begin() + missing);
  }
  return result;
}

Placement Random::Placed(const std::vector<int64_t>& shape, DLDataType type, size_t without_gaps, bool is_input) {
  constexpr int64_t kStrays[] = {-1, 3, 7, 1000, int64_t{1} << 33, -(int64_t{1} << 62)};
  Placement placement;
  for (size_t i = 0; i < shape.size(); ++i) {
    Placement::Dim dim;
    dim.axis = static_cast<int>(shape.size() - 1 - i);
    placement.dims.push_back(dim);
  }
  const auto free = placement.dims.begin() + static_cast<std::ptrdiff_t>(std::min(without_gaps, shape.size()));
  if (!OneIn(3) && free != placement.dims.end()) {
    if (OneIn(2)) std::shuffle(free, placement.dims.end(), engine_);
    const bool gaps = OneIn(2), reverses = OneIn(4), repeats = is_input && OneIn(4), overlaps = is_input && OneIn(6);
    for (auto dim = free; dim != placement.dims.end(); ++dim) {
      // Most gaps are between rows.
      if (gaps && OneIn(2)) dim->gap = dim == placement.dims.begin() ? Between(0, 1) : Between(1, 20);
      dim->reversed = reverses && OneIn(2);
      dim->repeated = repeats && OneIn(2);
      dim->overlaps = overlaps && OneIn(2);
    }
  }
  if (OneIn(4)) placement.stray = Of(kStrays);
  placement.bare = OneIn(4);
  const int64_t item = type.bits / 8;
  if (OneIn(2)) placement.shift = Between(0, 33) * item;
  if (OneIn(2)) placement.margin = 0;
  return placement;
}

Placement Random::Input(const std::vector<int64_t>& shape, DLDataType type, size_t without_gaps) {
  return Placed(shape, type, without_gaps, true);
}

Placement Random::Output(const std::vector<int64_t>& shape, DLDataType type, size_t without_gaps) {
  return Placed(shape, type, without_gaps, false);
}

void Random::Fill(Tensor* tensor, float scale) {
  const DLDataType type = tensor->type();
  const int64_t count = tensor->count();
  if (!IsFloat(type)) {
    const bool extremes = OneIn(8);
    const double least = type.code == kDLInt ? -std::ldexp(1.0, type.bits - 1) : 0.0;
    const double greatest = type.code == kDLBool ? 1.0 : std::ldexp(1.0, std::min<int>(type.bits, 53)) - 1.0 + least;
    for (int64_t i = 0; i < count; ++i) {
      const double value = extremes ? (OneIn(2) ? least : greatest)
                                    : std::floor(least + (greatest - least + 1.0) * static_cast<double>(Real(0, 1)));
      tensor->Set(i, std::min(value, greatest));
    }
    return;
  }
  const int64_t kind = Between(0, 9);
  std::vector<float> values = kind == 0 ? MixedValues(count, scale, Seed()) : RandomValues(count, 20 * scale, Seed());
  const std::vector<float> edges = EdgeValues(scale);
  for (float& value : values) {
    // Some values, or all of them, and those between which no other lies.
    if (kind == 1 && OneIn(20)) value = edges[static_cast<size_t>(Between(0, static_cast<int64_t>(edges.size()) - 1))];
    if (kind == 2) value = scale * std::nearbyint(value / scale);
    if (kind == 3) value *= 1e-41f / scale;
    if (kind == 4) value = OneIn(2) ? 0.0f : -0.0f;
    if (kind == 5) value *= 1e30f;
  }
  tensor->Fill(values);
}

Tensor Random::Filled(DLDataType type, const std::vector<int64_t>& shape, size_t without_gaps, float scale) {
  Tensor tensor(type, shape, Input(shape, type, without_gaps));
  Fill(&tensor, scale);
  return tensor;
}

RandomGrid::RandomGrid(Random* random, DLDataType type)
    : scale_(std::exp(random->Real(-7.0f, 1.0f))),
      coded_(type.bits == 8 && type.code != kDLBool),
      delta_(Tensor::Scalar(0.0f)),
      zero_float_(Tensor::Scalar(0.0f)) {
  if (random->OneIn(4)) scale_ = std::ldexp(1.0f, static_cast<int>(random->Between(-10, 2)));
  if (random->OneIn(12)) scale_ = random->OneIn(2) ? 1e-30f : 1e20f;
  const bool is_signed = type.code == kDLInt;
  float least = is_signed ? -128.0f : 0.0f;
  float greatest = is_signed ? 127.0f : 255.0f;
  if (random->OneIn(4)) {
    least += static_cast<float>(random->Between(0, 130));
    greatest -= static_cast<float>(random->Between(0, 120));
  }
  const bool log_domain = random->OneIn(8);
  delta_.Set(0, static_cast<double>(log_domain ? std::log(scale_) : scale_));
  // Fractions are rounded and what lies beyond the ends is clamped.
  zero_float_.Set(0, static_cast<double>(random->OneIn(4) ? random->Real(least - 3, greatest + 3)
                                                          : std::floor(random->Real(least, greatest))));
  if (random->OneIn(5)) zero_float_.Set(0, -0.0);
  grid_ = {delta_.dl(), random->OneIn(4) ? nullptr : zero_float_.dl(),     least,
           greatest,    log_domain ? OCTET_SCALE_LOG : OCTET_SCALE_LINEAR, random->OneIn(8) ? 0.01f : 1e-30f,
           -1};
}

std::vector<uint32_t> Seeds(int count) {
  const auto first = static_cast<uint32_t>(FromEnvironment("OCTET_TEST_SEED"));
  std::vector<uint32_t> seeds(static_cast<size_t>(count * FromEnvironment("OCTET_TEST_CASES")));
  for (size_t i = 0; i < seeds.size(); ++i) seeds[i] = first + static_cast<uint32_t>(i);
  return seeds;
}

}  // namespace test
}  // namespace octet
