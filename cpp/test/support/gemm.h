// SPDX-License-Identifier: Apache-2.0
// Matrix products for tests: operands, packed weights, and the documented formula written down a second time.
#ifndef OCTET_TEST_SUPPORT_GEMM_H_
#define OCTET_TEST_SUPPORT_GEMM_H_

#include <cstdlib>
#include <memory>
#include <vector>

#include "octet/octet.h"
#include "support/tensor.h"

namespace octet {
namespace test {

/** Memory at a multiple of 64 bytes that a sanitizer watches the end of. */
class Aligned {
 public:
  explicit Aligned(size_t bytes) : size_(bytes), data_(nullptr, std::free) {
    void* memory = nullptr;
    if (posix_memalign(&memory, 64, bytes == 0 ? 1 : bytes) != 0) std::abort();
    data_.reset(static_cast<char*>(memory));
    for (size_t i = 0; i < bytes; ++i) memory_at(i) = static_cast<char>(0xa5);
  }
  char* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  char& memory_at(size_t i) { return data_.get()[i]; }
  size_t size_;
  std::unique_ptr<char, void (*)(void*)> data_;
};

/** The first `columns` columns of a matrix: rows with gaps between them. */
class Columns {
 public:
  Columns(Tensor* whole, int64_t columns) : shape_{whole->shape()[0], columns}, strides_{whole->shape()[1], 1} {
    dl_ = *whole->dl();
  }
  Columns(const Columns&) = delete;
  DLTensor* dl() {
    dl_.shape = shape_;
    dl_.strides = strides_;
    return &dl_;
  }

 private:
  int64_t shape_[2];
  int64_t strides_[2];
  DLTensor dl_;
};

struct WeightKind {
  DLDataType type;
  octet_weight_format format;
  int least;
  int greatest;
  bool zero_points;
  bool per_channel;
};

constexpr WeightKind kWeightKinds[] = {
    {kS8, OCTET_WEIGHTS_8_BIT, -128, 127, false, true}, {kS8, OCTET_WEIGHTS_8_BIT, -128, 127, false, false},
    {kU8, OCTET_WEIGHTS_8_BIT, 0, 255, true, true},     {kU8, OCTET_WEIGHTS_8_BIT, 0, 255, true, false},
    {kS8, OCTET_WEIGHTS_4_BIT, -8, 7, false, true},     {kU8, OCTET_WEIGHTS_4_BIT, 0, 15, true, true},
    {kS8, OCTET_WEIGHTS_4_BIT, -2, 1, false, false},
};

/** Random codes of a kind with a grid, and the block packed from them. */
class Weights {
 public:
  Weights(int64_t n, int64_t k, const WeightKind& kind, uint32_t seed);

  const octet_grid& grid();
  void Pack();

  int64_t n() const { return codes.shape()[0]; }
  int64_t k() const { return codes.shape()[1]; }
  float scale(int64_t row) const { return static_cast<float>(delta.Get(kind.per_channel ? row : 0)); }
  int64_t zero_point(int64_t row) const {
    return kind.zero_points ? static_cast<int64_t>(zero.Get(kind.per_channel ? row : 0)) : 0;
  }

  const WeightKind kind;
  Tensor codes;
  Tensor delta;
  Tensor zero;
  std::unique_ptr<Aligned> packed;

 private:
  octet_grid grid_;
};

/** The exact sum of (a - a_zero) * (w - w_zero) for an element of the product; codes holds rows of k. */
int64_t ExactProduct(const std::vector<int>& codes, int64_t a_zero, const Weights& weights, int64_t row,
                     int64_t column);

/** Runs the product; a_grid null: dynamic with 8 bits. */
octet_status RunGemm(const DLTensor* a, const octet_grid* a_grid, const Weights& weights,
                     const octet_epilogue* epilogue, DLTensor* out);

/** Integers from least to greatest. */
std::vector<int> RandomCodes(int64_t count, int least, int greatest, uint32_t seed);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_GEMM_H_
