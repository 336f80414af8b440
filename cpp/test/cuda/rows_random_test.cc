// SPDX-License-Identifier: Apache-2.0
// Normalisation, softmax, embedding and reductions of random tensors.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

constexpr int64_t kMostElements = 4000;

auto RandomOutput(Random* random, DLDataType type, const std::vector<int64_t>& shape, size_t without_gaps = 0) {
  return [type, shape, placement = random->Output(shape, type, without_gaps)] {
    std::vector<Tensor> outputs;
    outputs.emplace_back(type, shape, placement);
    return outputs;
  };
}

TEST(CudaRandomNorm, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(1, 5, kMostElements);
    const auto dims = static_cast<size_t>(random.Between(1, static_cast<int64_t>(shape.size())));
    const DLDataType types[] = {random.Of(kValueTypes), random.Of(kValueTypes), random.Of(kValueTypes),
                                random.Of(kValueTypes)};
    const RandomGrid x_grid(&random, types[0]), residual_grid(&random, types[1]), sum_grid(&random, types[2]),
        out_grid(&random, types[3]);
    const bool has_weight = random.OneIn(2), has_bias = random.OneIn(2), has_residual = random.OneIn(2),
               has_sum = random.OneIn(2), mean = random.OneIn(2);
    Tensor x = random.Filled(types[0], shape, dims, x_grid.scale());
    Tensor residual = random.Filled(types[1], shape, dims, x_grid.scale());
    const int64_t length = std::accumulate(shape.end() - static_cast<std::ptrdiff_t>(dims), shape.end(), int64_t{1},
                                           std::multiplies<int64_t>());
    // Compact, but anywhere.
    Tensor weight = random.Filled(kF32, {length}, 1);
    Tensor bias = random.Filled(kF32, {length}, 1);
    const Placement sum_place = random.Output(shape, types[2], dims);
    const Placement out_place = random.Output(shape, types[3], dims);
    const auto outputs = [&] {
      std::vector<Tensor> made;
      made.emplace_back(types[3], shape, out_place);
      made.emplace_back(types[2], shape, sum_place);
      return made;
    };
    constexpr float kEps[] = {0.0f, 1e-5f, 1.0f};
    const float eps = random.Of(kEps);
    ExpectSameOnDevice({&x, &residual, &weight, &bias}, outputs, [&](const Tensors& in, const Tensors& out) {
      octet_norm norm = {};
      norm.dims = static_cast<int32_t>(dims);
      norm.eps = eps;
      if (has_weight) norm.weight = in[2];
      if (has_bias) norm.bias = in[3];
      if (has_residual) {
        norm.residual = in[1];
        norm.residual_grid = residual_grid.get();
      }
      if (has_sum) {
        norm.sum = out[1];
        norm.sum_grid = sum_grid.get();
      }
      return (mean ? octet_layer_norm : octet_rms_norm)(in[0], x_grid.get(), &norm, out[0], out_grid.get(), nullptr);
    });
  }
}

TEST(CudaRandomSoftmax, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(1, 5, kMostElements);
    const DLDataType type = random.Of(kValueTypes), out_type = random.Of(kValueTypes);
    const RandomGrid x_grid(&random, type), out_grid(&random, out_type);
    Tensor x = random.Filled(type, shape, 1, x_grid.scale());
    Tensor bias = random.Filled(kF32, random.Broadcast(shape, 1), 1, random.OneIn(2) ? 0.1f : 5.0f);
    if (random.OneIn(3)) {
      for (int64_t i = 0; i < bias.count(); ++i) {
        if (random.OneIn(2)) bias.Set(i, -INFINITY);
      }
    }
    Tensor mask = random.Filled(random.OneIn(2) ? kBool : kU8, random.Broadcast(shape, 1), 1);
    Tensor lengths(random.OneIn(2) ? kS32 : kS64, {shape[0]}, random.Input({shape[0]}, kS64));
    for (int64_t i = 0; i < lengths.count(); ++i) {
      lengths.Set(i, static_cast<double>(random.Between(-2, shape.back() + 2)));
    }
    const bool has_bias = random.OneIn(2), has_mask = random.OneIn(2),
               has_lengths = shape.size() >= 2 && random.OneIn(3), causal = shape.size() >= 2 && random.OneIn(3);
    const int64_t offset = random.Between(-4, shape.back());
    const float scale = random.OneIn(2) ? 1.0f : random.Real(-2.0f, 2.0f);
    ExpectSameOnDevice({&x, &bias, &mask, &lengths}, RandomOutput(&random, out_type, shape, 1),
                       [&](const Tensors& in, const Tensors& out) {
                         octet_softmax_terms terms = {};
                         terms.scale = scale;
                         if (has_bias) terms.bias = in[1];
                         if (has_mask) terms.mask = in[2];
                         if (has_lengths) terms.lengths = in[3];
                         terms.causal = causal ? 1 : 0;
                         terms.causal_offset = causal ? offset : 0;
                         return octet_softmax(in[0], x_grid.get(), &terms, out[0], out_grid.get(), nullptr);
                       });
  }
}

TEST(CudaRandomEmbedding, EqualsTheCpu) {
  for (uint32_t seed : Seeds(10)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const int64_t rows = random.Between(1, 40);
    const int64_t columns = random.Size(300);
    const bool packed = random.OneIn(3);
    const DLDataType type = packed ? kU8 : random.Of(kValueTypes);
    const bool coded = type.bits == 8;
    Tensor table = random.Filled(type, {rows, packed ? (columns + 1) / 2 : columns}, 1);
    int64_t groups = random.OneIn(2) ? 1 : random.Between(1, rows);
    while (rows % groups != 0) --groups;
    Tensor delta(kF32, {groups}), zero(kF32, {groups});
    const bool half_signed = random.OneIn(2);
    const float least = packed ? (half_signed ? -8.0f : 0.0f) : type.code == kDLInt ? -128.0f : 0.0f;
    const float greatest = least + (packed ? 15.0f : 255.0f);
    for (int64_t i = 0; i < groups; ++i) {
      delta.Set(i, static_cast<double>(std::exp(random.Real(-6.0f, 0.0f))));
      zero.Set(i, static_cast<double>(random.Real(least - 1.0f, greatest + 1.0f)));
    }
    const std::vector<int64_t> shape = random.Shape(0, 4, 60);
    const DLDataType index_type = random.OneIn(2) ? kS32 : kS64;
    Tensor indices(index_type, shape, random.Input(shape, index_type));
    const bool wrap = random.OneIn(3);
    for (int64_t i = 0; i < indices.count(); ++i) {
      indices.Set(i, static_cast<double>(random.Between(wrap ? -rows : 0, rows - 1)));
    }
    std::vector<int64_t> out_shape = shape;
    out_shape.push_back(columns);
    const DLDataType out_type = random.Of(kValueTypes);
    const RandomGrid out_grid(&random, out_type);
    const int32_t axis = groups == 1 && random.OneIn(2) ? -1 : 0;
    const bool has_zero = random.OneIn(2);
    ExpectSameOnDevice(
        {&table, &indices, &delta, &zero}, RandomOutput(&random, out_type, out_shape, 1),
        [&](const Tensors& in, const Tensors& out) {
          const octet_grid grid = {in[2], has_zero ? in[3] : nullptr, least, greatest, OCTET_SCALE_LINEAR, 1e-8f, axis};
          const octet_embedding_table t = {in[0], packed ? 4 : coded ? 8 : 0, wrap ? 1 : 0, coded ? &grid : nullptr};
          return octet_embedding(&t, in[1], out[0], out_grid.get(), nullptr);
        });
  }
}

TEST(CudaRandomReduce, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(1, 6, kMostElements);
    const DLDataType type = random.Of(kValueTypes), out_type = random.Of(kValueTypes);
    const RandomGrid grid(&random, type), out_grid(&random, out_type);
    Tensor x = random.Filled(type, shape, 0, grid.scale());
    std::vector<int32_t> dims;
    std::vector<int64_t> out_shape;
    const bool keep = random.OneIn(2);
    for (size_t d = 0; d < shape.size(); ++d) {
      const bool reduced = random.OneIn(2);
      if (reduced) dims.insert(random.OneIn(2) ? dims.begin() : dims.end(), static_cast<int32_t>(d));
      if (!reduced || keep) out_shape.push_back(reduced ? 1 : shape[d]);
    }
    const int64_t last = x.count() == 0 ? OCTET_REDUCE_MEAN : OCTET_REDUCE_MIN;
    const auto reduction = static_cast<octet_reduction>(random.Between(OCTET_REDUCE_SUM, last));
    SCOPED_TRACE(testing::Message() << TypeName(type) << " to " << TypeName(out_type) << ", reduction " << reduction);
    ExpectSameOnDevice({&x}, RandomOutput(&random, out_type, out_shape), [&](const Tensors& in, const Tensors& out) {
      return octet_reduce(reduction, in[0], grid.get(), dims.data(), static_cast<int32_t>(dims.size()), out[0],
                          out_grid.get(), nullptr);
    });
    const auto dim = static_cast<int32_t>(random.Between(0, static_cast<int64_t>(shape.size()) - 1));
    if (shape[static_cast<size_t>(dim)] == 0) continue;
    std::vector<int64_t> places = shape;
    places[static_cast<size_t>(dim)] = 1;
    if (!keep) places.erase(places.begin() + dim);
    ExpectSameOnDevice(
        {&x}, RandomOutput(&random, random.OneIn(2) ? kS32 : kS64, places),
        [&](const Tensors& in, const Tensors& out) { return octet_argmax(in[0], dim, out[0], nullptr); });
  }
}

TEST(CudaRandomMeansAndLengths, EqualTheCpu) {
  constexpr DLDataType kMasks[] = {kF32, kBool, kU8, kS32, kS64};
  for (uint32_t seed : Seeds(10)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const std::vector<int64_t> shape = random.Shape(3, 3, kMostElements);
    const DLDataType type = random.Of(kValueTypes), out_type = random.Of(kValueTypes);
    const RandomGrid grid(&random, type), out_grid(&random, out_type);
    Tensor x = random.Filled(type, shape, 1, grid.scale());
    Tensor mask = random.Filled(random.Of(kMasks), {shape[0], shape[1]});
    for (int64_t i = 0; i < mask.count(); ++i) {
      if (random.OneIn(2)) mask.Set(i, random.OneIn(2) ? 1.0 : 0.0);
    }
    ExpectSameOnDevice({&x, &mask}, RandomOutput(&random, out_type, {shape[0], shape[2]}, 1),
                       [&](const Tensors& in, const Tensors& out) {
                         return octet_masked_mean(in[0], grid.get(), in[1], 1e-9f, out[0], out_grid.get(), nullptr);
                       });
    const std::vector<int64_t> any = random.Shape(1, 5, kMostElements);
    Tensor rows = random.Filled(type, any, 1, grid.scale());
    ExpectSameOnDevice({&rows}, RandomOutput(&random, out_type, any, 1), [&](const Tensors& in, const Tensors& out) {
      return octet_l2_normalize(in[0], grid.get(), 1e-12f, out[0], out_grid.get(), nullptr);
    });
  }
}

TEST(CudaRandomPool, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Random random(seed);
    const int64_t channels = random.Size(70), images = random.Between(0, 3);
    const std::vector<int64_t> shape = {images, random.Between(1, 17), random.Between(1, 17), channels};
    const bool greatest = random.OneIn(2);
    octet_pool2d_params params = {};
    int32_t* fields[][5] = {
        {&params.kernel_h, &params.stride_h, &params.pad_top, &params.pad_bottom, &params.dilation_h},
        {&params.kernel_w, &params.stride_w, &params.pad_left, &params.pad_right, &params.dilation_w}};
    for (auto& field : fields) {
      *field[0] = static_cast<int32_t>(random.Between(1, 5));
      *field[1] = static_cast<int32_t>(random.Between(1, 4));
      *field[4] = greatest && random.OneIn(3) ? static_cast<int32_t>(random.Between(1, 3)) : 1;
      const int64_t window = *field[4] * (*field[0] - 1) + 1;
      *field[2] = static_cast<int32_t>(random.Between(0, window - 1));
      *field[3] = static_cast<int32_t>(random.Between(0, window - 1));
    }
    params.ceil_mode = random.OneIn(2) ? 1 : 0;
    const DLDataType type = random.Of(kValueTypes), out_type = random.Of(kValueTypes);
    const RandomGrid grid(&random, type), out_grid(&random, out_type);
    Tensor x = random.Filled(type, shape, 0, grid.scale());
    const std::vector<int64_t> adapted = {images, random.Between(1, 9), random.Between(1, 9), channels};
    ExpectSameOnDevice({&x}, RandomOutput(&random, out_type, adapted), [&](const Tensors& in, const Tensors& out) {
      return octet_adaptive_avg_pool2d(in[0], grid.get(), out[0], out_grid.get(), nullptr);
    });
    int64_t out_h = 0, out_w = 0;
    if (octet_pool2d_out_size(&params, shape[1], shape[2], &out_h, &out_w) != OCTET_OK) continue;
    const std::vector<int64_t> out_shape = {images, out_h, out_w, channels};
    if (greatest) {
      ExpectSameOnDevice({&x}, RandomOutput(&random, type, out_shape), [&](const Tensors& in, const Tensors& out) {
        return octet_max_pool2d(in[0], &params, out[0], nullptr);
      });
      continue;
    }
    const auto with_padding = static_cast<int32_t>(random.Between(0, 1));
    const int64_t divisor = random.OneIn(3) ? random.Between(1, 30) : 0;
    ExpectSameOnDevice({&x}, RandomOutput(&random, out_type, out_shape), [&](const Tensors& in, const Tensors& out) {
      return octet_avg_pool2d(in[0], grid.get(), &params, with_padding, divisor, out[0], out_grid.get(), nullptr);
    });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
