// SPDX-License-Identifier: Apache-2.0
// Sums of products of floats in the order that the documentation says, written down a second time.
#ifndef OCTET_TEST_SUPPORT_PRODUCT_H_
#define OCTET_TEST_SUPPORT_PRODUCT_H_

#include <cmath>
#include <cstdint>

namespace octet {
namespace test {

/** a and b are called with 0, 1, ... k - 1. */
template <typename A, typename B>
float NaiveProduct(int64_t k, const A& a, const B& b) {
  float total = 0.0f;
  for (int64_t first = 0; first < k; first += 256) {
    float block = 0.0f;
    for (int64_t i = first; i < k && i < first + 256; ++i) block = std::fma(a(i), b(i), block);
    total = first == 0 ? block : total + block;
  }
  return total;
}

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_PRODUCT_H_
