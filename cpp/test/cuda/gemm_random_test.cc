// SPDX-License-Identifier: Apache-2.0
// Products of random matrices with random epilogues.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "cuda/gemm_grouped_on_device.h"
#include "cuda/random_epilogue.h"
#include "cuda/random_weights.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kCodeTypes[] = {kS8, kU8};

/** Sizes whose product is no more than some tiles of a kernel. */
struct Sizes {
  explicit Sizes(Random* random) {
    m = random->OneIn(3) ? random->Between(1, 8) : random->Size(140);
    n = random->Size(m > 16 ? 140 : 300);
    k = random->Size(m * n > 4000 ? 200 : 1200);
  }
  int64_t m, n, k;
};

testing::Message Words(uint32_t seed, const Sizes& sizes, DLDataType type, DLDataType out_type) {
  return testing::Message() << "seed " << seed << ": " << sizes.m << " x " << sizes.n << " x " << sizes.k << ", "
                            << TypeName(type) << " to " << TypeName(out_type);
}

/** Chosen by the heuristics, or any of the device's kernels, with any number of parts. */
std::string KernelOf(Random* random, const std::vector<std::string>& names) {
  return random->OneIn(2) ? "" : names[static_cast<size_t>(random->Between(0, static_cast<int64_t>(names.size()) - 1))];
}

int32_t PartsOf(Random* random) { return random->OneIn(2) ? 0 : static_cast<int32_t>(random->Between(1, 5)); }

TEST(CudaRandomGemm, EqualsTheCpu) {
  const std::vector<std::string> names = GemmKernelNames();
  for (uint32_t seed : Seeds(12)) {
    Random random(seed);
    const Sizes sizes(&random);
    const DLDataType type = random.Of(kValueTypes);
    RandomEpilogue epilogue(&random, {sizes.m, sizes.n}, 1);
    SCOPED_TRACE(Words(seed, sizes, type, epilogue.out_type));
    Weights weights(sizes.n, sizes.k, RandomKind(&random), seed);
    Randomize(&random, weights.kind, &weights.codes, &weights.delta, &weights.zero);
    weights.Pack();
    const DeviceWeights on_device(weights);
    const RandomGrid grid(&random, type.bits == 8 ? type : random.Of(kCodeTypes));
    const bool dynamic = type.bits != 8 && random.OneIn(2);
    const GemmRun run = {&weights, &on_device, dynamic ? nullptr : grid.get(),
                         static_cast<int32_t>(random.Between(2, 8))};
    Tensor a = random.Filled(type, {sizes.m, sizes.k}, 1, grid.scale());
    const std::string kernel = KernelOf(&random, names);
    const int32_t parts = PartsOf(&random);
    SCOPED_TRACE(testing::Message() << "kernel " << kernel << ", parts " << parts);
    const ForcedKernel forced(kernel, parts);
    ExpectSameOnDevice(epilogue.With({&a}), epilogue.MakeOutputs(), [&](const Tensors& in, const Tensors& out) {
      const octet_epilogue then = epilogue.Of(in);
      return RunWhereItIs(run, in[0], &then, out[0]);
    });
  }
}

TEST(CudaRandomGemmGrouped, EqualsTheCpu) {
  for (uint32_t seed : Seeds(10)) {
    Random random(seed);
    std::vector<int> groups(static_cast<size_t>(random.Size(40)));
    for (int& size : groups) size = random.OneIn(2) ? 0 : static_cast<int>(random.Size(60));
    Sizes sizes(&random);
    sizes.m = std::accumulate(groups.begin(), groups.end(), random.Between(0, 3));
    sizes.k = std::min<int64_t>(sizes.k, 400);
    const DLDataType type = random.Of(kValueTypes);
    RandomEpilogue epilogue(&random, {sizes.m, sizes.n}, 1);
    SCOPED_TRACE(Words(seed, sizes, type, epilogue.out_type) << ", " << groups.size() << " groups");
    const auto count = static_cast<int64_t>(groups.size());
    GroupedWeights weights(count, sizes.n, sizes.k, RandomKind(&random), seed);
    Randomize(&random, weights.all.kind, &weights.all.codes, &weights.all.delta, &weights.all.zero);
    weights.Pack();
    const DeviceGroups on_device(weights);
    const RandomGrid grid(&random, type.bits == 8 ? type : random.Of(kCodeTypes));
    const bool dynamic = type.bits != 8 && random.OneIn(2);
    Tensor a = random.Filled(type, {sizes.m, weights.k}, 1, grid.scale());
    Tensor offsets = OffsetsOf(groups);
    // Those of all groups, where the epilogue has those of one.
    Tensor bias = random.Filled(kF32, {count * sizes.n}, 1), factor = random.Filled(kF32, {count * sizes.n}, 1);
    const int32_t parts = PartsOf(&random);
    const ForcedKernel forced("", parts);
    ExpectSameOnDevice(epilogue.With({&a, &offsets, &bias, &factor}), epilogue.MakeOutputs(),
                       [&](const Tensors& in, const Tensors& out) {
                         octet_epilogue then = epilogue.Of(in);
                         if (then.bias != nullptr) then.bias = in[2];
                         if (then.factor != nullptr) then.factor = in[3];
                         return RunWhereItIs(weights, on_device, in[0], dynamic ? nullptr : grid.get(), in[1], &then,
                                             out[0]);
                       });
  }
}

TEST(CudaRandomGemmFloat, EqualsTheCpu) {
  const std::vector<std::string> names = {"float_vector", "float_64x64", "float_128x128"};
  for (uint32_t seed : Seeds(10)) {
    Random random(seed);
    const Sizes sizes(&random);
    const DLDataType type = random.Of(kValueTypes);
    RandomEpilogue epilogue(&random, {sizes.m, sizes.n}, 1);
    SCOPED_TRACE(Words(seed, sizes, type, epilogue.out_type));
    Tensor values(kF32, {sizes.n, sizes.k});
    random.Fill(&values);
    const FloatOrCodes weights = random.OneIn(2) ? FloatOrCodes(sizes.n, sizes.k, values.Values())
                                                 : FloatOrCodes(sizes.n, sizes.k, random.Of(kWeightKinds));
    const RandomGrid grid(&random, type);
    Tensor a = random.Filled(type, {sizes.m, sizes.k}, 1, grid.scale());
    const std::string kernel = KernelOf(&random, names);
    const int32_t parts = PartsOf(&random);
    SCOPED_TRACE(testing::Message() << "kernel " << kernel << ", parts " << parts);
    const ForcedKernel forced(kernel, parts);
    ExpectSameOnDevice(epilogue.With({&a}), epilogue.MakeOutputs(), [&](const Tensors& in, const Tensors& out) {
      const octet_epilogue then = epilogue.Of(in);
      return RunWhereItIs(weights, in[0], grid.get(), &then, out[0]);
    });
  }
}

TEST(CudaRandomMatmul, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    Random random(seed);
    const Sizes sizes(&random);
    const DLDataType a_type = random.OneIn(2) ? random.Of(kCodeTypes) : random.Of(kValueTypes);
    const DLDataType b_type = random.OneIn(2) ? random.Of(kCodeTypes) : random.Of(kValueTypes);
    const std::vector<int64_t> batch = random.Shape(0, 3, sizes.m * sizes.n > 4000 ? 3 : 12);
    std::vector<int64_t> a_shape = random.Broadcast(batch), b_shape = random.Broadcast(batch);
    std::vector<int64_t> out_shape(std::max(a_shape.size(), b_shape.size()));
    for (size_t d = 1; d <= out_shape.size(); ++d) {
      const auto size_of = [d](const std::vector<int64_t>& shape) {
        return d <= shape.size() ? shape[shape.size() - d] : 1;
      };
      out_shape[out_shape.size() - d] = size_of(a_shape) == 1 ? size_of(b_shape) : size_of(a_shape);
    }
    const bool transposed = random.OneIn(2);
    a_shape.insert(a_shape.end(), {sizes.m, sizes.k});
    b_shape.insert(b_shape.end(), {transposed ? sizes.n : sizes.k, transposed ? sizes.k : sizes.n});
    out_shape.insert(out_shape.end(), {sizes.m, sizes.n});
    RandomEpilogue epilogue(&random, out_shape, 1);
    SCOPED_TRACE(Words(seed, sizes, a_type, epilogue.out_type) << ", b " << TypeName(b_type));
    const RandomGrid a_grid(&random, a_type), b_grid(&random, b_type);
    Tensor a = random.Filled(a_type, a_shape, 1, a_grid.scale());
    Tensor b = random.Filled(b_type, b_shape, 1, b_grid.scale());
    const ForcedKernel forced("", PartsOf(&random));
    ExpectSameOnDevice(epilogue.With({&a, &b}), epilogue.MakeOutputs(), [&](const Tensors& in, const Tensors& out) {
      const octet_epilogue then = epilogue.Of(in);
      return RunWhereItIs({a_grid.get(), b_grid.get(), transposed}, in[0], in[1], &then, out[0]);
    });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
