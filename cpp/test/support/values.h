// SPDX-License-Identifier: Apache-2.0
// Values for tests: random ones, and those at which things go wrong.
#ifndef OCTET_TEST_SUPPORT_VALUES_H_
#define OCTET_TEST_SUPPORT_VALUES_H_

#include <cstdint>
#include <vector>

namespace octet {
namespace test {

/** NaN, infinities, zeros, denormals, extremes, ties of a grid of step `scale` and what lies next to them. */
std::vector<float> EdgeValues(float scale);

/** Normally distributed, the same for the same seed. */
std::vector<float> RandomValues(int64_t count, float deviation, uint32_t seed);

/** Random values with edge values strewn in. */
std::vector<float> MixedValues(int64_t count, float scale, uint32_t seed);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_VALUES_H_
