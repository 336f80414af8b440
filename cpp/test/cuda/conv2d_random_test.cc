// SPDX-License-Identifier: Apache-2.0
// Convolutions of random images, filters and parameters, in integers and in floats.
#include <gtest/gtest.h>

#include <algorithm>

#include "cuda/conv2d_on_device.h"
#include "cuda/random_epilogue.h"
#include "cuda/random_weights.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kCodeTypes[] = {kS8, kU8};

/** Groups of any kind, strides, dilations and unlike paddings; the output has an element at least. */
ConvShape RandomShape(Random* random) {
  ConvShape shape = {};
  shape.n = random->Between(random->OneIn(20) ? 0 : 1, 2);
  shape.h = random->OneIn(5) ? 1 : random->Between(1, 14);
  shape.w = random->Between(1, random->OneIn(6) ? 70 : 14);
  octet_conv2d_params& p = shape.params;
  p = Params();
  const int64_t kind = random->Between(0, 3);
  if (kind == 0) {
    // Depthwise, with one or some channels of the output for each of the input.
    shape.c = random->Between(1, 40);
    p.groups = static_cast<int32_t>(shape.c);
    shape.out_c = shape.c * (random->OneIn(3) ? random->Between(1, 3) : 1);
  } else {
    p.groups = kind == 1 ? static_cast<int32_t>(random->Between(1, 4)) : 1;
    constexpr int64_t kChannels[] = {1, 3, 4, 15, 16, 17, 32, 48};
    shape.c = p.groups * (random->OneIn(12) ? 0 : random->OneIn(2) ? random->Of(kChannels) : random->Between(1, 40));
    shape.out_c = p.groups * (random->OneIn(4) ? random->Between(1, 140) : random->Between(1, 33));
  }
  const auto small = [&](int64_t greatest) { return static_cast<int32_t>(random->Between(1, greatest)); };
  const int64_t most_taps = random->OneIn(4) ? 7 : 3;
  shape.kernel_h = shape.h == 1 && random->OneIn(2) ? 1 : small(most_taps);
  shape.kernel_w = small(most_taps);
  if (random->OneIn(2)) p.stride_h = p.stride_w = small(3);
  if (random->OneIn(8)) p.stride_w = small(3);
  if (random->OneIn(4)) p.dilation_h = p.dilation_w = small(3);
  if (random->OneIn(8)) p.dilation_h = small(3);
  const auto padding = [&] { return static_cast<int32_t>(random->Between(0, random->OneIn(5) ? 6 : 2)); };
  if (!random->OneIn(3)) p.pad_top = p.pad_left = p.pad_bottom = p.pad_right = padding();
  if (random->OneIn(3)) {
    p.pad_left = padding();
    p.pad_bottom = padding();
  }
  // Padding makes up for what an image lacks.
  const int64_t lacks_h = p.dilation_h * (shape.kernel_h - 1) + 1 - shape.h - p.pad_top - p.pad_bottom;
  const int64_t lacks_w = p.dilation_w * (shape.kernel_w - 1) + 1 - shape.w - p.pad_left - p.pad_right;
  p.pad_bottom += static_cast<int32_t>(std::max<int64_t>(lacks_h, 0));
  p.pad_right += static_cast<int32_t>(std::max<int64_t>(lacks_w, 0));
  return shape;
}

/** In either order of dimensions in memory, or in any. */
Tensor RandomImage(Random* random, DLDataType type, const ConvShape& shape, float scale) {
  return random->Filled(type, {shape.n, shape.h, shape.w, shape.c}, random->OneIn(2) ? 4 : 0, scale);
}

TEST(CudaRandomConv2d, EqualsTheCpu) {
  const std::vector<std::string> names = GemmKernelNames();
  for (uint32_t seed : Seeds(12)) {
    Random random(seed);
    const ConvShape shape = RandomShape(&random);
    const DLDataType type = random.Of(kValueTypes);
    RandomEpilogue epilogue(&random, {shape.n, shape.out_h(), shape.out_w(), shape.out_c}, random.OneIn(2) ? 4 : 0);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << shape.Words() << ", " << TypeName(type) << " to "
                                    << TypeName(epilogue.out_type));
    ConvWeights weights(shape, RandomKind(&random), seed);
    Randomize(&random, weights.kind, &weights.codes, &weights.delta, &weights.zero);
    weights.Pack();
    const DeviceFilters filters(weights);
    const RandomGrid grid(&random, type.bits == 8 ? type : random.Of(kCodeTypes));
    Tensor x = RandomImage(&random, type, shape, grid.scale());
    const bool forces = random.OneIn(2);
    const std::string kernel =
        forces ? names[static_cast<size_t>(random.Between(0, static_cast<int64_t>(names.size()) - 1))] : "";
    const auto parts = static_cast<int32_t>(random.OneIn(2) ? 0 : random.Between(1, 4));
    SCOPED_TRACE(testing::Message() << "kernel " << kernel << ", parts " << parts);
    const ForcedKernel forced(kernel, parts);
    ExpectSameOnDevice(epilogue.With({&x}), epilogue.MakeOutputs(), [&](const Tensors& in, const Tensors& out) {
      const octet_epilogue then = epilogue.Of(in);
      return RunWhereItIs(in[0], grid.get(), weights, filters, &then, out[0]);
    });
  }
}

TEST(CudaRandomConv2dFloat, EqualsTheCpu) {
  for (uint32_t seed : Seeds(10)) {
    Random random(seed);
    const ConvShape shape = RandomShape(&random);
    const DLDataType type = random.Of(kValueTypes);
    RandomEpilogue epilogue(&random, {shape.n, shape.out_h(), shape.out_w(), shape.out_c}, random.OneIn(2) ? 4 : 0);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << shape.Words() << ", " << TypeName(type) << " to "
                                    << TypeName(epilogue.out_type));
    Tensor values(kF32, {FilterValues(shape)});
    random.Fill(&values);
    const FloatFilters filters(shape, values.Values());
    const RandomGrid grid(&random, type);
    Tensor x = RandomImage(&random, type, shape, grid.scale());
    constexpr const char* kKernels[] = {"", "float_64x64", "float_128x128"};
    const ForcedKernel forced(random.Of(kKernels), static_cast<int32_t>(random.Between(0, 3)));
    ExpectSameOnDevice(epilogue.With({&x}), epilogue.MakeOutputs(), [&](const Tensors& in, const Tensors& out) {
      const octet_epilogue then = epilogue.Of(in);
      return RunWhereItIs(in[0], grid.get(), filters, &then, out[0]);
    });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
