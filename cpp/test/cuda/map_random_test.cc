// SPDX-License-Identifier: Apache-2.0
// Functions of single elements, copies and quantization, of random tensors.
#include <gtest/gtest.h>

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

constexpr int64_t kMostElements = 1500;
constexpr int64_t kMostDims = 6;

/** An output of a random layout, the same one for the CPU and the device. */
auto RandomOutput(Random* random, DLDataType type, const std::vector<int64_t>& shape) {
  return [type, shape, placement = random->Output(shape, type)] {
    std::vector<Tensor> outputs;
    outputs.emplace_back(type, shape, placement);
    return outputs;
  };
}

TEST(CudaRandomUnary, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(0, kMostDims, kMostElements);
    const DLDataType type = random.Of(kValueTypes);
    const DLDataType out_type = random.Of(kValueTypes);
    const RandomGrid grid(&random, type), out_grid(&random, out_type);
    Tensor x = random.Filled(type, random.Broadcast(shape), 0, grid.scale());
    const auto function = static_cast<octet_unary_function>(random.Between(OCTET_IDENTITY, OCTET_MISH));
    const float first = random.OneIn(2) ? static_cast<float>(random.Between(-3, 3)) : random.Real(-3.0f, 3.0f);
    const float second = first + random.Real(0.0f, 3.0f);
    SCOPED_TRACE(testing::Message() << TypeName(type) << " to " << TypeName(out_type) << ", function " << function);
    ExpectSameOnDevice({&x}, RandomOutput(&random, out_type, shape), [&](const Tensors& in, const Tensors& out) {
      return octet_unary(function, first, second, in[0], grid.get(), out[0], out_grid.get(), nullptr);
    });
  }
}

TEST(CudaRandomBinary, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(0, kMostDims, kMostElements);
    const DLDataType types[] = {random.Of(kValueTypes), random.Of(kValueTypes), random.Of(kValueTypes)};
    const RandomGrid a_grid(&random, types[0]), b_grid(&random, types[1]), out_grid(&random, types[2]);
    Tensor a = random.Filled(types[0], random.Broadcast(shape), 0, a_grid.scale());
    Tensor b = random.Filled(types[1], random.Broadcast(shape), 0, b_grid.scale());
    const auto function = static_cast<octet_binary_function>(random.Between(OCTET_ADD, OCTET_MAX));
    const auto activation =
        static_cast<octet_activation>(random.Between(OCTET_ACTIVATION_NONE, OCTET_ACTIVATION_HARDSIGMOID));
    ExpectSameOnDevice({&a, &b}, RandomOutput(&random, types[2], shape), [&](const Tensors& in, const Tensors& out) {
      return octet_binary(function, in[0], a_grid.get(), in[1], b_grid.get(), activation, out[0], out_grid.get(),
                          nullptr);
    });
    const auto comparison = static_cast<octet_comparison>(random.Between(OCTET_EQUAL, OCTET_GREATER_EQUAL));
    ExpectSameOnDevice({&a, &b}, RandomOutput(&random, random.OneIn(2) ? kBool : kU8, shape),
                       [&](const Tensors& in, const Tensors& out) {
                         return octet_compare(comparison, in[0], a_grid.get(), in[1], b_grid.get(), out[0], nullptr);
                       });
  }
}

TEST(CudaRandomCopies, EqualTheCpu) {
  constexpr DLDataType kAnyTypes[] = {kF32, kF16, kBF16, kF64, kS8, kU8, kS32, kS64, kBool};
  constexpr DLDataType kCastTypes[] = {kF32, kF16, kBF16, kS32, kS64, kBool};
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(0, kMostDims, 2 * kMostElements);
    const DLDataType type = random.Of(kAnyTypes);
    Tensor x = random.Filled(type, random.Broadcast(shape));
    ExpectSameOnDevice({&x}, RandomOutput(&random, type, shape),
                       [&](const Tensors& in, const Tensors& out) { return octet_copy(in[0], out[0], nullptr); });
    Tensor mask = random.Filled(random.OneIn(2) ? kBool : kU8, random.Broadcast(shape));
    Tensor other = random.Filled(type, random.Broadcast(shape));
    ExpectSameOnDevice(
        {&mask, &x, &other}, RandomOutput(&random, type, shape),
        [&](const Tensors& in, const Tensors& out) { return octet_where(in[0], in[1], in[2], out[0], nullptr); });
    Tensor table(kU8, {256});
    random.Fill(&table);
    Tensor codes = random.Filled(random.OneIn(2) ? kS8 : kU8, random.Broadcast(shape));
    ExpectSameOnDevice(
        {&table, &codes}, RandomOutput(&random, random.OneIn(2) ? kS8 : kU8, shape),
        [&](const Tensors& in, const Tensors& out) { return octet_look_up(in[0], in[1], out[0], nullptr); });
    const DLDataType from = random.Of(kCastTypes);
    Tensor value = random.Filled(from, random.Broadcast(shape));
    ExpectSameOnDevice({&value}, RandomOutput(&random, random.Of(kCastTypes), shape),
                       [&](const Tensors& in, const Tensors& out) { return octet_cast(in[0], out[0], nullptr); });
  }
}

TEST(CudaRandomConcat, EqualsTheCpu) {
  for (uint32_t seed : Seeds(8)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    std::vector<int64_t> shape = random.Shape(1, 5, kMostElements / 4);
    const auto axis = static_cast<int32_t>(random.Between(0, static_cast<int64_t>(shape.size()) - 1));
    const DLDataType out_type = random.Of(kValueTypes);
    const RandomGrid out_grid(&random, out_type);
    std::vector<Tensor> parts;
    std::vector<std::unique_ptr<RandomGrid>> grids;
    const int64_t count = random.Between(1, 5);
    int64_t total = 0;
    for (int64_t i = 0; i < count; ++i) {
      const DLDataType type = random.OneIn(2) ? out_type : random.Of(kValueTypes);
      grids.push_back(std::make_unique<RandomGrid>(&random, type));
      shape[static_cast<size_t>(axis)] = random.Size(20);
      total += shape[static_cast<size_t>(axis)];
      parts.push_back(random.Filled(type, shape));
    }
    std::vector<const octet_grid*> grid_pointers;
    for (size_t i = 0; i < parts.size(); ++i) {
      const DLDataType type = parts[i].type();
      const bool same = type.bits == 8 && type.code == out_type.code && random.OneIn(2);
      grid_pointers.push_back(same ? out_grid.get() : grids[i]->get());
    }
    std::vector<Tensor*> inputs;
    for (Tensor& part : parts) inputs.push_back(&part);
    shape[static_cast<size_t>(axis)] = total;
    ExpectSameOnDevice(inputs, RandomOutput(&random, out_type, shape), [&](const Tensors& in, const Tensors& out) {
      return octet_concat(in.data(), grid_pointers.data(), static_cast<int32_t>(count), axis, out[0], out_grid.get(),
                          nullptr);
    });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
