// SPDX-License-Identifier: Apache-2.0
// Functions of whole numbers, of random tensors.
#include <gtest/gtest.h>

#include "cuda/on_device.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

constexpr int64_t kMostElements = 1500;

/** An output of a random layout, the same one for the CPU and the device. */
auto RandomOutput(Random* random, DLDataType type, const std::vector<int64_t>& shape) {
  return [type, shape, placement = random->Output(shape, type)] {
    std::vector<Tensor> outputs;
    outputs.emplace_back(type, shape, placement);
    return outputs;
  };
}

TEST(CudaRandomIntegers, EqualTheCpu) {
  constexpr DLDataType kTypes[] = {kS32, kS64};
  for (uint32_t seed : Seeds(20)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(1, 5, kMostElements);
    const DLDataType type = random.Of(kTypes);
    Tensor x = random.Filled(type, shape);
    Tensor other = random.Filled(type, random.Broadcast(shape));
    // Some are alike, some are 0.
    for (int64_t i = 0; i < x.count(); i += 3) x.Set(i, static_cast<double>(random.Between(-2, 2)));
    for (int64_t i = 0; i < other.count(); i += 2) other.Set(i, static_cast<double>(random.Between(-2, 2)));
    const auto function = static_cast<octet_integer_function>(random.Between(OCTET_INTEGER_ADD, OCTET_INTEGER_MAX));
    ExpectSameOnDevice({&x, &other}, RandomOutput(&random, type, shape), [&](const Tensors& in, const Tensors& out) {
      return octet_integer_binary(function, in[0], in[1], out[0], nullptr);
    });
    const auto dim = static_cast<int32_t>(random.Between(0, static_cast<int64_t>(shape.size()) - 1));
    ExpectSameOnDevice({&x}, RandomOutput(&random, type, shape), [&](const Tensors& in, const Tensors& out) {
      return octet_cumulative_sum(in[0], dim, out[0], nullptr);
    });
    std::vector<int64_t> kept = shape;
    kept[static_cast<size_t>(dim)] = 1;
    if (shape[static_cast<size_t>(dim)] == 0) continue;
    for (octet_reduction reduction : {OCTET_REDUCE_SUM, OCTET_REDUCE_MAX, OCTET_REDUCE_MIN}) {
      ExpectSameOnDevice({&x}, RandomOutput(&random, type, kept), [&](const Tensors& in, const Tensors& out) {
        return octet_integer_reduce(reduction, in[0], &dim, 1, out[0], nullptr);
      });
    }
    ExpectSameOnDevice(
        {&x}, RandomOutput(&random, random.Of(kTypes), kept),
        [&](const Tensors& in, const Tensors& out) { return octet_integer_argmax(in[0], dim, out[0], nullptr); });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
