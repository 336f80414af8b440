// SPDX-License-Identifier: Apache-2.0
// Random tests: shapes, layouts, types, grids and values, all from one seed.
#ifndef OCTET_TEST_SUPPORT_RANDOM_H_
#define OCTET_TEST_SUPPORT_RANDOM_H_

#include <random>
#include <vector>

#include "support/tensor.h"

namespace octet {
namespace test {

/** One random case: the same seed gives the same choices. */
class Random {
 public:
  explicit Random(uint32_t seed) : engine_(seed) {}

  /** Both ends included. */
  int64_t Between(int64_t least, int64_t greatest);
  float Real(float least, float greatest);
  bool OneIn(int64_t count) { return Between(1, count) == 1; }
  uint32_t Seed() { return static_cast<uint32_t>(Between(1, 1 << 30)); }
  template <typename T, size_t kCount>
  T Of(const T (&choices)[kCount]) {
    return choices[static_cast<size_t>(Between(0, static_cast<int64_t>(kCount) - 1))];
  }

  /** A size up to the greatest, often 1, or next to a multiple of what kernels cut into. Rarely 0. */
  int64_t Size(int64_t greatest);
  /** A shape with sizes as Size gives them, that has no more elements than `most`. Rarely, where more than 3 dimensions
   * may be, with many more of them. */
  std::vector<int64_t> Shape(int64_t least_dims, int64_t most_dims, int64_t most);
  /** A shape that broadcasts to another one: sizes of 1 and missing dimensions, but for the last `kept`. */
  std::vector<int64_t> Broadcast(const std::vector<int64_t>& shape, size_t kept = 0);

  /** Where an input or output lies: anything that a device takes, half of the time without a byte around it. The last
   * `without_gaps` dimensions lie one within the other. Strides that mean nothing may be any numbers. */
  Placement Input(const std::vector<int64_t>& shape, DLDataType type, size_t without_gaps = 0);
  Placement Output(const std::vector<int64_t>& shape, DLDataType type, size_t without_gaps = 0);

  /** Values: usual ones, some of them or all not finite, tiny, huge or next to ties of the scale. Integers and codes:
   * of the whole type. */
  void Fill(Tensor* tensor, float scale = 0.05f);
  Tensor Filled(DLDataType type, const std::vector<int64_t>& shape, size_t without_gaps = 0, float scale = 0.05f);

 private:
  Placement Placed(const std::vector<int64_t>& shape, DLDataType type, size_t without_gaps, bool is_input);
  std::mt19937 engine_;
};

/** A grid of random step, zero point and limits for codes of a type; of floats, none. */
class RandomGrid {
 public:
  RandomGrid(Random* random, DLDataType type);
  RandomGrid(const RandomGrid&) = delete;
  /** Null for floats. */
  const octet_grid* get() const { return coded_ ? &grid_ : nullptr; }
  float scale() const { return scale_; }

 private:
  float scale_;
  bool coded_;
  Tensor delta_;
  Tensor zero_float_;
  octet_grid grid_;
};

/** Seeds of a random test: `count` of them, or OCTET_TEST_CASES times as many; from OCTET_TEST_SEED (or 1) on. */
std::vector<uint32_t> Seeds(int count);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_RANDOM_H_
