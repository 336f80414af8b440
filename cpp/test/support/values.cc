// SPDX-License-Identifier: Apache-2.0
#include "support/values.h"

#include <cmath>
#include <limits>
#include <random>

namespace octet {
namespace test {

std::vector<float> EdgeValues(float scale) {
  using Limits = std::numeric_limits<float>;
  std::vector<float> values = {0.0f,
                               Limits::quiet_NaN(),
                               Limits::infinity(),
                               Limits::denorm_min(),
                               Limits::min(),
                               Limits::max(),
                               1.0e-39f,
                               6.0e-8f,
                               65504.0f,
                               65520.0f,
                               8388607.5f * scale,
                               8388609.0f * scale,
                               16777217.0f * scale};
  for (int i = 0; i < 20; ++i) {
    const float tie = (static_cast<float>(i) + 0.5f) * scale;
    values.insert(values.end(), {tie, std::nextafter(tie, 0.0f), std::nextafter(tie, Limits::max())});
  }
  for (float end : {127.0f, 127.5f, 128.0f, 128.5f, 255.0f, 255.5f}) values.push_back(end * scale);
  const size_t count = values.size();
  for (size_t i = 0; i < count; ++i) values.push_back(-values[i]);
  return values;
}

std::vector<float> RandomValues(int64_t count, float deviation, uint32_t seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(engine);
  return values;
}

std::vector<float> MixedValues(int64_t count, float scale, uint32_t seed) {
  std::vector<float> values = RandomValues(count, 20.0f * scale, seed);
  const std::vector<float> edges = EdgeValues(scale);
  for (size_t i = seed % 3; i < values.size(); i += 3) values[i] = edges[(i / 3 + seed) % edges.size()];
  return values;
}

}  // namespace test
}  // namespace octet
