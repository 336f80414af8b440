// SPDX-License-Identifier: Apache-2.0
// Functions of rows: normalisation, softmax, embedding, masked means.
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

// Within a thread's quads, at ends of groups, blocks and of what a thread block keeps, and beyond.
constexpr int64_t kLengths[] = {1, 3, 7, 63, 64, 65, 384, 511, 513, 1000, 1024, 1025, 2050, 4097};
constexpr int64_t kLongLength = 17 * 1024 + 5;

Tensor Stored(DLDataType type, std::vector<int64_t> shape, Layout layout, const TensorGrid& grid, float deviation,
              uint32_t seed) {
  Tensor tensor(type, std::move(shape), layout);
  const std::vector<float> values = RandomValues(tensor.count(), deviation, seed);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    tensor.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  }
  return tensor;
}

TensorGrid GridOf(DLDataType type, float scale = 0.03f) {
  return TensorGrid(type, scale, type.code == kDLUInt ? 120.0f : -2.0f);
}

/** The first columns of a tensor: rows then lie with gaps between them. */
class FirstColumns {
 public:
  FirstColumns(const DLTensor* tensor, int64_t columns)
      : dl_(*tensor), shape_(tensor->shape, tensor->shape + tensor->ndim) {
    shape_.back() = columns;
    dl_.shape = shape_.data();
  }
  DLTensor* dl() { return &dl_; }

 private:
  DLTensor dl_;
  std::vector<int64_t> shape_;
};

struct NormCase {
  DLDataType x = kF32;
  DLDataType residual = kF32;
  DLDataType sum = kF32;
  DLDataType out = kF32;
  bool with_residual = false;
  bool with_sum = false;
  bool with_weight = true;
  bool with_bias = true;
  bool mean = true;
};

void Normalizes(const NormCase& c, int64_t rows, int64_t length, Layout layout, int64_t gap = 0) {
  SCOPED_TRACE(TypeName(c.x) + " to " + TypeName(c.out) + ", length " + std::to_string(length));
  const TensorGrid x_grid = GridOf(c.x);
  const TensorGrid residual_grid = GridOf(c.residual);
  const TensorGrid sum_grid = GridOf(c.sum, 0.04f);
  const TensorGrid out_grid = GridOf(c.out);
  Tensor x = Stored(c.x, {rows, length + gap}, layout, x_grid, 1.0f, 1);
  Tensor residual = Stored(c.residual, {rows, length + gap}, Layout::kShifted, residual_grid, 1.0f, 2);
  Tensor weight = Stored(kF32, {length}, layout, GridOf(kF32), 1.0f, 3);
  Tensor bias = Stored(kF32, {length}, Layout::kCompact, GridOf(kF32), 1.0f, 4);
  const auto outputs = [&] {
    std::vector<Tensor> made;
    made.emplace_back(c.out, x.shape(), layout);
    if (c.with_sum) made.emplace_back(c.sum, x.shape(), Layout::kShifted);
    return made;
  };
  ExpectSameOnDevice({&x, &residual, &weight, &bias}, outputs, [&](const Tensors& in, const Tensors& out) {
    octet_norm norm = {};
    FirstColumns first(in[0], length), added(in[1], length), to(out[0], length);
    FirstColumns sum(out.back(), length);
    norm.dims = 1;
    norm.eps = 1e-5f;
    if (c.with_weight) norm.weight = in[2];
    if (c.with_bias) norm.bias = in[3];
    if (c.with_residual) {
      norm.residual = added.dl();
      norm.residual_grid = residual_grid.get();
    }
    if (c.with_sum) {
      norm.sum = sum.dl();
      norm.sum_grid = sum_grid.get();
    }
    const auto function = c.mean ? octet_layer_norm : octet_rms_norm;
    return function(first.dl(), x_grid.get(), &norm, to.dl(), out_grid.get(), nullptr);
  });
}

TEST(CudaNorm, EqualsTheCpuForEveryLength) {
  for (int64_t length : kLengths) {
    Normalizes({}, 11, length, Layout::kCompact);
    NormCase quantized;
    quantized.x = kF16;
    quantized.out = kS8;
    quantized.mean = false;
    Normalizes(quantized, 3, length, Layout::kShifted, 1);
  }
  NormCase long_case;
  long_case.with_residual = long_case.with_sum = true;
  long_case.sum = kBF16;
  Normalizes(long_case, 2, kLongLength, Layout::kCompact);
}

TEST(CudaNorm, EqualsTheCpuForEveryPairOfTypes) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType other : kValueTypes) {
      NormCase c;
      c.x = type;
      c.out = other;
      c.residual = other;
      c.sum = type;
      c.with_residual = true;
      for (bool with_sum : {false, true}) {
        c.with_sum = with_sum;
        Normalizes(c, 5, 200, Layout::kCompact, 3);
      }
    }
  }
}

TEST(CudaNorm, DoesWithoutWeightOrBias) {
  for (bool weight : {false, true}) {
    for (bool bias : {false, true}) {
      NormCase c;
      c.with_weight = weight;
      c.with_bias = bias;
      Normalizes(c, 4, 129, Layout::kCompact);
    }
  }
}

TEST(CudaNorm, KeepsNanAndInfinityToTheirRows) {
  Tensor x(kF32, {4, 130});
  x.Fill(RandomValues(x.count(), 1.0f, 1));
  x.Set(7, std::nan(""));
  x.Set(130 + 129, INFINITY);
  for (int64_t i = 260; i < 390; ++i) x.Set(i, 0.5);
  ExpectSameOnDevice({&x}, OneOutput(kF32, x.shape()), [&](const Tensors& in, const Tensors& out) {
    octet_norm norm = {};
    norm.dims = 1;
    return octet_layer_norm(in[0], nullptr, &norm, out[0], nullptr, nullptr);
  });
}

TEST(CudaNorm, SpansSeveralDimensions) {
  Tensor x(kF32, {6, 3, 50});
  x.Fill(RandomValues(x.count(), 1.0f, 1));
  ExpectSameOnDevice({&x}, OneOutput(kU8, x.shape()), [&](const Tensors& in, const Tensors& out) {
    const TensorGrid grid = GridOf(kU8);
    octet_norm norm = {};
    norm.dims = 2;
    norm.eps = 1e-5f;
    return octet_layer_norm(in[0], nullptr, &norm, out[0], grid.get(), nullptr);
  });
}

TEST(CudaL2Normalize, EqualsTheCpu) {
  for (int64_t length : {1, 5, 384, 1024, 1030, 2048}) {
    for (DLDataType type : kValueTypes) {
      const TensorGrid grid = GridOf(type);
      Tensor x = Stored(type, {5, length}, Layout::kShifted, grid, 1.0f, 4);
      for (int64_t i = 0; i < length; ++i) x.Set(i, type.bits == 8 ? grid.StoredOf(0.0) : 0.0);
      ExpectSameOnDevice({&x}, OneOutput(kF32, x.shape()), [&](const Tensors& in, const Tensors& out) {
        return octet_l2_normalize(in[0], grid.get(), 1e-12f, out[0], nullptr, nullptr);
      });
    }
  }
}

struct SoftmaxCase {
  DLDataType x = kF32;
  DLDataType out = kF32;
  bool bias = false;
  bool mask = false;
  DLDataType lengths = {};
  bool causal = false;
  int64_t causal_offset = 0;
};

void Softmaxes(const SoftmaxCase& c, int64_t rows, int64_t length) {
  SCOPED_TRACE(TypeName(c.x) + " to " + TypeName(c.out) + ", length " + std::to_string(length));
  const TensorGrid x_grid = GridOf(c.x, 0.1f);
  const TensorGrid out_grid(c.out, 1.0f / 255.0f, 0.0f);
  Tensor x = Stored(c.x, {3, 2, rows, length}, Layout::kShifted, x_grid, 4.0f, 1);
  Tensor bias = Stored(kF32, {2, rows, length}, Layout::kCompact, GridOf(kF32), 1.0f, 2);
  Tensor mask(kBool, {3, 1, 1, length});
  for (int64_t i = 0; i < mask.count(); ++i) mask.Set(i, i % 5 == 1 || i < length ? 1.0 : 0.0);
  Tensor lengths(c.lengths.bits == 0 ? kS32 : c.lengths, {3});
  lengths.Set(0, static_cast<double>(length));
  lengths.Set(1, static_cast<double>(length / 2));
  lengths.Set(2, -4.0);
  // Terms that are no numbers, and a row of minus infinity.
  if (c.x.bits == 32 && length > 4) {
    x.Set(2, std::nan(""));
    x.Set(length + 1, INFINITY);
    for (int64_t i = 0; i < length; ++i) x.Set(2 * length + i, -INFINITY);
  }
  ExpectSameOnDevice({&x, &bias, &mask, &lengths}, OneOutput(c.out, x.shape(), Layout::kShifted),
                     [&](const Tensors& in, const Tensors& out) {
                       octet_softmax_terms terms = {};
                       terms.scale = 0.3f;
                       if (c.bias) terms.bias = in[1];
                       if (c.mask) terms.mask = in[2];
                       if (c.lengths.bits != 0) terms.lengths = in[3];
                       terms.causal = c.causal ? 1 : 0;
                       terms.causal_offset = c.causal_offset;
                       return octet_softmax(in[0], x_grid.get(), &terms, out[0], out_grid.get(), nullptr);
                     });
}

TEST(CudaSoftmax, EqualsTheCpuForEveryLength) {
  for (int64_t length : kLengths) Softmaxes({}, 3, length);
  SoftmaxCase masked;
  masked.mask = masked.bias = true;
  Softmaxes(masked, 1, kLongLength);
}

TEST(CudaSoftmax, EqualsTheCpuForEveryPairOfTypes) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType out_type : kValueTypes) {
      SoftmaxCase c;
      c.x = type;
      c.out = out_type;
      c.mask = true;
      Softmaxes(c, 4, 133);
    }
  }
}

TEST(CudaSoftmax, TakesMasksLengthsAndCausality) {
  for (bool mask : {false, true}) {
    for (DLDataType lengths : {DLDataType{}, kS32, kS64}) {
      for (int64_t offset : {int64_t{0}, int64_t{5}, int64_t{-3}, INT64_MAX, INT64_MIN}) {
        SoftmaxCase c;
        c.mask = mask;
        c.bias = mask;
        c.lengths = lengths;
        c.causal = true;
        c.causal_offset = offset;
        c.out = mask ? kU8 : kF32;
        Softmaxes(c, 9, 70);
      }
    }
  }
}

TEST(CudaEmbedding, EqualsTheCpuForEveryPairOfTypes) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType out_type : kValueTypes) {
      for (int32_t axis : {-1, 0}) {
        for (int64_t length : {1, 31, 384}) {
          SCOPED_TRACE(TypeName(type) + " to " + TypeName(out_type) + ", axis " + std::to_string(axis));
          const bool coded = type.bits == 8;
          if (!coded && axis == 0) continue;
          const TensorGrid out_grid = GridOf(out_type, 0.05f);
          Tensor rows = Stored(type, {12, length}, Layout::kShifted, GridOf(type), 1.0f, 1);
          const int64_t groups = axis == 0 ? 6 : 1;
          Tensor delta(kF32, {groups});
          Tensor zero(kF32, {groups});
          for (int64_t i = 0; i < groups; ++i) {
            delta.Set(i, 0.01 * static_cast<double>(i + 1));
            zero.Set(i, static_cast<double>(i));
          }
          Tensor indices(axis == 0 ? kS64 : kS32, {2, 5}, Layout::kTransposed);
          for (int64_t i = 0; i < 10; ++i) indices.Set(i, static_cast<double>((i * 7) % 12));
          ExpectSameOnDevice({&rows, &delta, &zero, &indices}, OneOutput(out_type, {2, 5, length}),
                             [&](const Tensors& in, const Tensors& out) {
                               const float low = type.code == kDLInt ? -128.0f : 0.0f;
                               const octet_grid grid = {in[1], in[2], low, low + 255.0f, OCTET_SCALE_LINEAR,
                                                        1e-8f, axis};
                               const octet_embedding_table table = {in[0], coded ? 8 : 0, 0, coded ? &grid : nullptr};
                               return octet_embedding(&table, in[3], out[0], out_grid.get(), nullptr);
                             });
        }
      }
    }
  }
}

TEST(CudaEmbedding, ReadsCodesOfFourBits) {
  for (bool is_signed : {false, true}) {
    for (int64_t length : {1, 6, 7, 385}) {
      Tensor rows(kU8, {9, (length + 1) / 2});
      for (int64_t i = 0; i < rows.count(); ++i) rows.Set(i, static_cast<double>((i * 61) % 256));
      Tensor delta = Tensor::Scalar(0.3f);
      Tensor indices(kS32, {4});
      for (int64_t i = 0; i < 4; ++i) indices.Set(i, static_cast<double>(8 - i));
      for (DLDataType out_type : {kF32, kBF16, kS8}) {
        const TensorGrid out_grid = GridOf(out_type, 0.3f);
        ExpectSameOnDevice(
            {&rows, &indices}, OneOutput(out_type, {4, length}), [&](const Tensors& in, const Tensors& out) {
              // The grid stays in host memory.
              const octet_grid grid = {
                  delta.dl(), nullptr, is_signed ? -8.0f : 0.0f, is_signed ? 7.0f : 15.0f, OCTET_SCALE_LINEAR,
                  1e-8f,      -1};
              const octet_embedding_table table = {in[0], 4, 0, &grid};
              return octet_embedding(&table, in[1], out[0], out_grid.get(), nullptr);
            });
      }
    }
  }
}

TEST(CudaEmbedding, GivesNanForIndicesOutsideTheTable) {
  Tensor rows = Tensor::Of({1.0f, 2.0f, 3.0f});
  Tensor indices(kS64, {3});
  indices.Set(0, 3.0);
  indices.Set(1, -1.0);
  indices.Set(2, 2.0);
  Tensor out(kF32, {3, 1});
  OnDevice rows_there(&rows), indices_there(&indices), out_there(&out);
  DLTensor table_rows = *rows_there.dl();
  int64_t shape[] = {3, 1};
  table_rows.ndim = 2;
  table_rows.shape = shape;
  table_rows.strides = nullptr;
  const octet_embedding_table table = {&table_rows, 0, 0, nullptr};
  ASSERT_OK(octet_embedding(&table, indices_there.dl(), out_there.dl(), nullptr, nullptr));
  out_there.Fetch();
  EXPECT_TRUE(std::isnan(out.Get(0)));
  EXPECT_TRUE(std::isnan(out.Get(1)));
  EXPECT_EQ(out.Get(2), 3.0);
}

TEST(CudaMaskedMean, EqualsTheCpu) {
  for (DLDataType type : kValueTypes) {
    for (DLDataType mask_type : {kF32, kBool, kU8, kS32, kS64}) {
      for (int64_t places : {1, 63, 130, 600}) {
        const TensorGrid grid = GridOf(type);
        const TensorGrid out_grid = GridOf(type, 0.05f);
        Tensor x = Stored(type, {3, places, 45}, Layout::kShifted, grid, 1.0f, 4);
        Tensor mask(mask_type, {3, places}, Layout::kTransposed);
        for (int64_t i = 0; i < mask.count(); ++i)
          mask.Set(i, i < places || i % 3 == 0 ? 0.0 : mask_type.code == kDLFloat ? 0.7 : 1.0);
        ExpectSameOnDevice({&x, &mask}, OneOutput(type, {3, 45}), [&](const Tensors& in, const Tensors& out) {
          return octet_masked_mean(in[0], grid.get(), in[1], 1e-9f, out[0], out_grid.get(), nullptr);
        });
      }
    }
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
