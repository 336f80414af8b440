// SPDX-License-Identifier: Apache-2.0
// Attention on the device against the CPU's scalar reference, bit for bit.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "cuda/attention_on_device.h"
#include "support/grids.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

struct Grid {
  DLDataType type = kS8;
  float scale = 0.05f;
  float zero_point = 0.0f;
  /** Floats: whether they are put on it, or on grids taken from the values. */
  bool given = true;
  /** Type of the tensor; bits 0: that of the case. */
  DLDataType in = {};
};

struct Case {
  DLDataType in = kS8;
  DLDataType out = kF32;
  int64_t batch = 2;
  int64_t heads = 2;
  int64_t kv_heads = 2;
  int64_t queries = 5;
  int64_t keys = 20;
  int64_t dim = 8;
  int64_t v_dim = 8;
  Layout layout = Layout::kCompact;
  /** q, k and v as [batch, tokens, heads, dim], the output likewise. */
  bool tokens_first = false;
  Grid q, k, v;
  /** Without: the one that stands for null. */
  bool with_p_grid = false;
  Grid p = {kU8, 0.01f, 0.0f};
  float scale = 0.02f;
  /** 0: none, 1: of all scores, 2: [queries, keys], 3: [batch, 1, 1, keys]. */
  int bias = 0;
  int mask = 0;
  /** bits 0: none. */
  DLDataType lengths = {};
  bool causal = false;
  int64_t causal_offset = 0;
  uint32_t seed = 1;
};

Tensor Made(DLDataType type, const std::vector<int64_t>& shape, Layout layout, const Grid& grid, uint32_t seed) {
  Tensor tensor(type, shape, layout);
  const TensorGrid on(grid.type, grid.scale, grid.zero_point);
  const std::vector<float> values = RandomValues(tensor.count(), 40.0f * grid.scale, seed);
  for (int64_t i = 0; i < tensor.count(); ++i) {
    const double value = static_cast<double>(values[static_cast<size_t>(i)]);
    tensor.Set(i, type.bits == 8 ? on.CodeOf(static_cast<float>(value)) : value);
  }
  return tensor;
}

/** [batch, tokens, heads, dim] as [batch, heads, tokens, dim]. */
class HeadsFirst {
 public:
  HeadsFirst(const DLTensor* tensor, bool tokens_first) : dl_(*tensor) {
    for (int d = 0; d < 4; ++d) {
      const int from = tokens_first && (d == 1 || d == 2) ? 3 - d : d;
      shape_[d] = tensor->shape[from];
      strides_[d] = tensor->strides[from];
    }
    dl_.shape = shape_;
    dl_.strides = strides_;
  }
  HeadsFirst(const HeadsFirst&) = delete;
  DLTensor* dl() { return &dl_; }

 private:
  DLTensor dl_;
  int64_t shape_[4];
  int64_t strides_[4];
};

std::vector<int64_t> SpreadShape(const Case& c, int which) {
  if (which == 1) return {c.batch, c.heads, c.queries, c.keys};
  if (which == 2) return {c.queries, c.keys};
  return {c.batch, 1, 1, c.keys};
}

/** The tensors of a case, to be changed before it runs. */
struct Inputs {
  explicit Inputs(const Case& c)
      : q(Made(TypeOf(c, c.q), Shape(c, c.heads, c.queries, c.dim), c.layout, c.q, c.seed)),
        k(Made(TypeOf(c, c.k), Shape(c, c.kv_heads, c.keys, c.dim), c.layout, c.k, c.seed + 1)),
        v(Made(TypeOf(c, c.v), Shape(c, c.kv_heads, c.keys, c.v_dim), c.layout, c.v, c.seed + 2)),
        bias(kF32, SpreadShape(c, c.bias), c.seed % 2 == 0 ? Layout::kCompact : Layout::kShifted),
        mask(kBool, SpreadShape(c, c.mask), c.seed % 2 == 0 ? Layout::kCompact : Layout::kShifted),
        lengths(c.lengths.bits == 0 ? kS32 : c.lengths, {c.batch}) {
    bias.Fill(RandomValues(bias.count(), 2.0f, c.seed + 3));
    const std::vector<float> random = RandomValues(mask.count(), 1.0f, c.seed + 4);
    for (int64_t i = 0; i < mask.count(); ++i) mask.Set(i, random[static_cast<size_t>(i)] < 0.7f ? 1.0 : 0.0);
    for (int64_t b = 0; b < c.batch; ++b) {
      lengths.Set(b, static_cast<double>(b % 3 == 0 ? c.keys / 2 : b % 3 == 1 ? c.keys + 5 : -1));
    }
  }

  static DLDataType TypeOf(const Case& c, const Grid& grid) { return grid.in.bits == 0 ? c.in : grid.in; }

  static std::vector<int64_t> Shape(const Case& c, int64_t heads, int64_t tokens, int64_t dim) {
    if (c.tokens_first) return {c.batch, tokens, heads, dim};
    return {c.batch, heads, tokens, dim};
  }

  Tensor q, k, v, bias, mask, lengths;
};

void Attends(const Case& c, Inputs* tensors) {
  SCOPED_TRACE(TypeName(c.in) + " to " + TypeName(c.out) + ", " + std::to_string(c.queries) + " queries, " +
               std::to_string(c.keys) + " keys, dimensions " + std::to_string(c.dim) + " and " +
               std::to_string(c.v_dim) + ", seed " + std::to_string(c.seed));
  const TensorGrid q_grid(c.q.type, c.q.scale, c.q.zero_point);
  const TensorGrid k_grid(c.k.type, c.k.scale, c.k.zero_point);
  const TensorGrid v_grid(c.v.type, c.v.scale, c.v.zero_point);
  const TensorGrid p_grid(c.p.type, c.p.scale, c.p.zero_point);
  const TensorGrid out_grid(c.out, 0.02f, c.out.code == kDLUInt ? 120.0f : 3.0f);
  ExpectSameOnDevice({&tensors->q, &tensors->k, &tensors->v, &tensors->bias, &tensors->mask, &tensors->lengths},
                     OneOutput(c.out, Inputs::Shape(c, c.heads, c.queries, c.v_dim),
                               c.layout == Layout::kExpanded ? Layout::kCompact : c.layout),
                     [&](const Tensors& in, const Tensors& out) {
                       HeadsFirst q(in[0], c.tokens_first), k(in[1], c.tokens_first), v(in[2], c.tokens_first);
                       HeadsFirst to(out[0], c.tokens_first);
                       octet_softmax_terms terms = {};
                       terms.scale = c.scale;
                       if (c.bias != 0) terms.bias = in[3];
                       if (c.mask != 0) terms.mask = in[4];
                       if (c.lengths.bits != 0) terms.lengths = in[5];
                       terms.causal = c.causal ? 1 : 0;
                       terms.causal_offset = c.causal_offset;
                       octet_attention_inputs inputs = {};
                       inputs.q = q.dl();
                       inputs.k = k.dl();
                       inputs.v = v.dl();
                       inputs.q_grid = c.q.given ? q_grid.get() : nullptr;
                       inputs.k_grid = c.k.given ? k_grid.get() : nullptr;
                       inputs.v_grid = c.v.given ? v_grid.get() : nullptr;
                       inputs.eps = 1e-7f;
                       inputs.terms = &terms;
                       inputs.p_grid = c.with_p_grid ? p_grid.get() : nullptr;
                       return RunWhereItIs(inputs, to.dl(), out_grid.get());
                     });
}

void Attends(const Case& c) {
  Inputs tensors(c);
  Attends(c, &tensors);
}

// One and some tiles of 64, with terms kept and made again, and more than a block of a sum.
TEST(CudaAttention, EqualsTheCpuForNumbersOfTokens) {
  const ForcedKernel forced("", 1);
  for (int64_t queries : {1, 15, 17, 64, 65, 130}) {
    for (int64_t keys : {1, 63, 64, 65, 130}) {
      Case c;
      c.batch = 1;
      c.queries = queries;
      c.keys = keys;
      Attends(c);
    }
  }
  Case c;
  c.batch = c.heads = c.kv_heads = 1;
  c.scale = 0.002f;
  for (int64_t keys : {385, 1024, 1025, 2100}) {
    c.keys = keys;
    Attends(c);
  }
}

TEST(CudaAttention, EqualsTheCpuForDimensions) {
  for (int64_t dim : {1, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 129, 200}) {
    Case c;
    c.batch = 1;
    c.keys = 70;
    c.dim = dim;
    c.v_dim = dim % 2 == 0 ? dim : 201 - dim;
    c.seed = static_cast<uint32_t>(dim);
    Attends(c);
  }
  // Queries that stay in global memory, and values in several parts.
  Case c;
  c.heads = c.kv_heads = 1;
  c.dim = 330;
  c.v_dim = 300;
  Attends(c);
  c.q = c.k = c.v = {kU8, 0.05f, 121.0f};
  c.in = kU8;
  Attends(c);
}

TEST(CudaAttention, EqualsTheCpuForHeads) {
  for (int64_t queries : {1, 7, 50}) {
    for (int64_t heads : {1, 3, 12}) {
      for (int64_t kv_heads : {1, 3}) {
        if (heads % kv_heads != 0) continue;
        Case c;
        c.heads = heads;
        c.kv_heads = kv_heads;
        c.queries = queries;
        c.keys = 66;
        c.causal = queries == 7;
        c.causal_offset = 50;
        SCOPED_TRACE(std::to_string(heads) + " heads, " + std::to_string(kv_heads) + " of keys");
        Attends(c);
      }
    }
  }
}

// More heads than a grid of blocks has in its second and third dimension.
TEST(CudaAttention, EqualsTheCpuForManyHeads) {
  Case c;
  c.heads = 33000;
  c.kv_heads = 6;
  c.queries = 1;
  c.keys = 3;
  c.dim = c.v_dim = 1;
  Attends(c);
}

TEST(CudaAttention, EqualsTheCpuForTypesAndZeroPoints) {
  for (DLDataType in : kValueTypes) {
    for (DLDataType out : kValueTypes) {
      for (int zero_points = 0; zero_points < 3; ++zero_points) {
        Case c;
        c.in = in;
        c.out = out;
        c.queries = 15;
        c.keys = 70;
        c.dim = 9;
        c.v_dim = 35;
        const DLDataType grid_type = in.bits == 8 ? in : zero_points == 2 ? kU8 : kS8;
        const float middle = grid_type.code == kDLUInt ? 120.0f : 0.0f;
        const float extreme = grid_type.code == kDLUInt ? 0.0f : -128.0f;
        Grid* grids[] = {&c.q, &c.k, &c.v};
        for (int i = 0; i < 3; ++i) {
          *grids[i] = {grid_type, 0.05f, middle + (zero_points == 1 ? static_cast<float>(3 * i - 5) : 0.0f)};
          if (zero_points == 2) grids[i]->zero_point = extreme;
        }
        if (zero_points != 0) {
          c.with_p_grid = true;
          c.p = zero_points == 1 ? Grid{kU8, 0.004f, 2.0f} : Grid{kS8, 0.02f, -128.0f};
          c.lengths = kS64;
        }
        SCOPED_TRACE(zero_points);
        Attends(c);
      }
    }
  }
}

TEST(CudaAttention, EqualsTheCpuForGridsOfProbabilities) {
  const Grid grids[] = {
      {kU8, 1.0f / 255.0f, 255.0f}, {kU8, 1.0f / 300.0f, 200.0f}, {kS8, 0.0078125f, 127.0f}, {kS8, 1e-3f, 5.0f},
      {kU8, 1e-9f, 3.0f},           {kU8, 3e-39f, 0.0f},          {kU8, 7.0f, 1.0f},         {kU8, 1e30f, 0.0f}};
  for (const Grid& grid : grids) {
    Case c;
    c.keys = 100;
    c.with_p_grid = true;
    c.p = grid;
    c.v = {kS8, 0.03f, 11.0f};
    c.out = grid.type.code == kDLUInt ? kF32 : kS8;
    SCOPED_TRACE(grid.scale);
    Attends(c);
  }
}

TEST(CudaAttention, TakesGridsFromFloats) {
  for (DLDataType in : kFloatTypes) {
    for (DLDataType lengths : {DLDataType{}, kS32}) {
      Case c;
      c.in = in;
      c.batch = 3;
      c.lengths = lengths;
      c.queries = 20;
      c.keys = 75;
      c.dim = 37;
      c.v_dim = 70;
      for (int given = 0; given < 8; given += 3) {
        c.q.given = (given & 1) != 0;
        c.k.given = (given & 2) != 0;
        c.v.given = (given & 4) != 0;
        Attends(c);
      }
    }
  }
}

TEST(CudaAttention, TakesMasksLengthsAndCausality) {
  uint32_t seed = 0;
  for (int bias = 0; bias < 4; ++bias) {
    for (int mask = 0; mask < 4; ++mask) {
      Case c;
      c.seed = ++seed;
      c.batch = 3;
      c.queries = 70;
      c.keys = 131 + bias;
      c.bias = bias;
      c.mask = mask;
      c.out = mask == 2 ? kU8 : kF32;
      if (bias % 2 == 1) c.lengths = kS32;
      c.causal = mask % 2 == 1;
      c.causal_offset = 40 * bias - 60;
      Attends(c);
    }
  }
  for (int64_t offset : {int64_t{0}, INT64_MAX, INT64_MIN, int64_t{-69}, int64_t{64}}) {
    Case c;
    c.queries = 70;
    c.keys = 150;
    c.causal = true;
    c.causal_offset = offset;
    c.with_p_grid = true;
    c.p = {kU8, 0.004f, 9.0f};
    Attends(c);
  }
}

TEST(CudaAttention, ReadsAndWritesAnyLayout) {
  for (Layout layout : {Layout::kCompact, Layout::kShifted, Layout::kExpanded}) {
    for (DLDataType in : {kS8, kU8, kF16}) {
      for (int64_t dim : {16, 33, 64}) {
        for (bool tokens_first : {false, true}) {
          Case c;
          c.in = in;
          c.out = dim == 16 ? kS8 : dim == 33 ? kF16 : kF32;
          c.q.type = c.k.type = c.v.type = in.bits == 8 ? in : kS8;
          c.layout = layout;
          c.keys = 66;
          c.dim = c.v_dim = dim;
          c.tokens_first = tokens_first;
          SCOPED_TRACE(static_cast<int>(layout));
          Attends(c);
        }
      }
    }
  }
}

TEST(CudaAttention, TakesEmptyShapes) {
  for (int which = 0; which < 6; ++which) {
    for (DLDataType in : {kS8, kF32}) {
      Case c;
      c.in = in;
      c.q.given = c.k.given = c.v.given = in.bits == 8;
      if (which == 0) c.batch = 0;
      if (which == 1) c.heads = c.kv_heads = 0;
      if (which == 2) c.queries = 0;
      if (which == 3) c.keys = 0;
      if (which == 4) c.dim = 0;
      if (which == 5) c.v_dim = 0;
      SCOPED_TRACE(which);
      Attends(c);
    }
  }
}

TEST(CudaAttention, KeepsNanAndInfinityToTheirRows) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  for (DLDataType out : {kF32, kU8}) {
    Case c;
    c.in = kF32;
    c.out = out;
    c.batch = c.heads = c.kv_heads = 1;
    c.queries = 70;
    c.keys = 70;
    c.q.given = c.k.given = c.v.given = false;
    c.bias = 1;
    Inputs tensors(c);
    tensors.q.Set(2 * c.dim + 1, nan);
    tensors.q.Set(4 * c.dim, infinity);
    for (int64_t j = 0; j < c.keys; ++j) {
      for (int64_t i : {1, 6, 66, 67}) tensors.bias.Set(i * c.keys + j, -infinity);
      tensors.bias.Set(9 * c.keys + j, -1e30 * static_cast<double>(j + 1));
    }
    tensors.bias.Set(1 * c.keys + 3, nan);
    tensors.bias.Set(67 * c.keys + 69, nan);
    tensors.bias.Set(8 * c.keys + 2, infinity);
    Attends(c, &tensors);
    // A key that is NaN spoils the queries that see it; values beyond a length are not looked at.
    tensors.k.Set(30 * c.dim, nan);
    c.causal = true;
    Attends(c, &tensors);
    c.lengths = kS32;
    tensors.lengths.Set(0, 29);
    tensors.v.Set(29 * c.v_dim, nan);
    tensors.v.Set(30 * c.v_dim, infinity);
    Attends(c, &tensors);
    tensors.v.Set(5 * c.v_dim, infinity);
    Attends(c, &tensors);
  }
}

// Parts of two, three and more tiles of 64 keys, the last one shorter; parts that some or all rows of a block do not
// see.
TEST(CudaAttention, EqualsTheCpuWithKeysInParts) {
  for (int32_t parts : {2, 3, 100}) {
    const ForcedKernel forced("", parts);
    for (int64_t queries : {1, 9, 70}) {
      for (int64_t keys : {1, 65, 200, 1090}) {
        Case c;
        c.seed = static_cast<uint32_t>(100 * parts + keys + queries);
        c.batch = queries == 9 ? 3 : 1;
        c.queries = queries;
        c.keys = keys;
        c.heads = queries == 70 ? 2 : 6;
        c.dim = queries == 9 ? 64 : 17;
        c.v_dim = queries == 1 ? 130 : 40;
        c.scale = 0.002f;
        c.out = parts == 3 ? kS8 : kF32;
        c.bias = static_cast<int>(keys % 4);
        c.mask = keys == 200 ? 1 : 0;
        if (queries == 9) c.lengths = kS32;
        c.causal = queries != 1;
        c.causal_offset = keys / 2 - 30;
        SCOPED_TRACE(std::to_string(parts) + " parts");
        Attends(c);
      }
    }
  }
}

TEST(CudaAttention, EqualsTheCpuForTypesWithKeysInParts) {
  const ForcedKernel forced("", 3);
  for (DLDataType in : kValueTypes) {
    for (int64_t v_dim : {24, 70}) {
      for (int zero_points = 0; zero_points < 2; ++zero_points) {
        Case c;
        c.in = in;
        c.out = v_dim == 24 ? kF16 : kU8;
        c.heads = 4;
        c.queries = 3;
        c.keys = 250;
        c.dim = zero_points == 0 ? 64 : 37;
        c.v_dim = v_dim;
        c.tokens_first = v_dim == 70;
        for (Grid* grid : {&c.q, &c.k, &c.v}) {
          grid->type = in.bits == 8 ? in : kS8;
          grid->zero_point = zero_points == 0 ? 0.0f : static_cast<float>(11 + grid->type.code);
          grid->given = in.bits == 8 || zero_points == 1;
        }
        c.with_p_grid = zero_points == 1;
        c.p = {kS8, 0.004f, -100.0f};
        if (zero_points == 1) c.lengths = kS64;
        Attends(c);
      }
    }
  }
}

TEST(CudaAttention, KeepsNanAndInfinityToTheirRowsWithKeysInParts) {
  const double infinity = std::numeric_limits<double>::infinity();
  const ForcedKernel forced("", 3);
  Case c;
  c.in = kF32;
  c.batch = c.heads = c.kv_heads = 1;
  c.queries = 8;
  c.keys = 190;
  c.q.given = c.k.given = c.v.given = false;
  c.bias = 1;
  Inputs tensors(c);
  tensors.q.Set(2 * c.dim + 1, std::numeric_limits<double>::quiet_NaN());
  for (int64_t j = 0; j < c.keys; ++j) {
    // All masked, all but the last part masked, and one that is NaN among masked ones.
    for (int64_t i : {1, 3, 5}) {
      if (i != 3 || j < 128) tensors.bias.Set(i * c.keys + j, -infinity);
    }
    tensors.bias.Set(4 * c.keys + j, -1e30 * static_cast<double>(c.keys - j));
  }
  tensors.bias.Set(5 * c.keys + 130, std::numeric_limits<double>::quiet_NaN());
  tensors.bias.Set(6 * c.keys + 70, infinity);
  Attends(c, &tensors);
}

// What the heuristics cut by themselves, and blocks of a sum: more than one, the last one short.
TEST(CudaAttention, CutsTheKeysOfFewQueries) {
  Case c;
  c.batch = 1;
  c.heads = 8;
  c.queries = 1;
  c.keys = 2100;
  c.dim = c.v_dim = 64;
  c.scale = 0.002f;
  Attends(c);
  c.keys = 5000;
  c.dim = c.v_dim = 16;
  c.queries = 3;
  c.causal = true;
  c.causal_offset = c.keys - c.queries;
  Attends(c);
}

TEST(CudaAttention, SumsDoNotOverflow) {
  for (DLDataType type : {kS8, kU8}) {
    const float least = type.code == kDLInt ? -128.0f : 0.0f;
    for (float zero_point : {least, least + 255.0f}) {
      Case c;
      c.in = type;
      c.batch = 1;
      c.dim = 2048;
      c.keys = 40;
      c.scale = 1e-5f;
      c.q = c.k = c.v = {type, 1e-3f, zero_point};
      c.with_p_grid = true;
      c.p = {kU8, 1e-4f, 0.0f};
      Inputs tensors(c);
      for (Tensor* tensor : {&tensors.q, &tensors.k, &tensors.v}) {
        for (int64_t i = 0; i < tensor->count(); ++i) {
          tensor->Set(i, static_cast<double>(zero_point == least ? least + 255.0f : least));
        }
      }
      Attends(c, &tensors);
    }
  }
}

TEST(CudaAttention, EqualsTheCpuForRandomCases) {
  std::mt19937 random(7);
  const auto below = [&random](uint32_t count) { return static_cast<int64_t>(random() % count); };
  const DLDataType types[] = {kS8, kU8, kF32, kF16, kBF16};
  for (uint32_t i = 0; i < 24; ++i) {
    Case c;
    c.seed = 100 + i;
    c.in = types[below(5)];
    c.out = types[below(5)];
    c.batch = 1 + below(3);
    c.kv_heads = 1 + below(2);
    c.heads = c.kv_heads * (1 + below(4));
    c.queries = 1 + below(i % 4 == 0 ? 150 : 20);
    c.keys = 1 + below(i % 5 == 0 ? 600 : 140);
    c.dim = 1 + below(140);
    c.v_dim = 1 + below(140);
    c.tokens_first = below(2) == 1;
    for (Grid* grid : {&c.q, &c.k, &c.v}) {
      if (i % 3 == 0) grid->in = types[below(5)];
      const DLDataType in = Inputs::TypeOf(c, *grid);
      grid->type = in.bits == 8 ? in : below(2) == 0 ? kS8 : kU8;
      grid->zero_point = static_cast<float>(grid->type.code == kDLInt ? below(256) - 128 : below(256));
      grid->given = in.bits == 8 || below(2) == 0;
    }
    c.with_p_grid = below(2) == 0;
    c.p = {below(2) == 0 ? kS8 : kU8, 0.001f * static_cast<float>(1 + below(20)), static_cast<float>(below(100))};
    c.scale = 0.0005f * static_cast<float>(1 + below(100));
    c.bias = static_cast<int>(below(4));
    c.mask = static_cast<int>(below(4));
    if (below(2) == 0) c.lengths = below(2) == 0 ? kS32 : kS64;
    c.causal = below(2) == 0;
    c.causal_offset = below(100) - 30;
    Attends(c);
  }
}

TEST(CudaAttentionErrors, NameTheArgument) {
  Case c;
  Inputs tensors(c);
  Tensor out(kF32, {c.batch, c.heads, c.queries, c.v_dim});
  OnDevice q(&tensors.q), k(&tensors.k), v(&tensors.v), to(&out);
  const TensorGrid grid(kS8, 0.05f, 0.0f);
  octet_attention_inputs inputs = {};
  inputs.q = q.dl();
  inputs.k = k.dl();
  inputs.v = v.dl();
  inputs.q_grid = inputs.k_grid = inputs.v_grid = grid.get();
  size_t bytes = 0;
  ASSERT_OK(octet_attention_workspace_size(&inputs, &bytes));
  const DeviceMemory workspace(bytes);
  const auto run = [&](DLTensor* output, size_t workspace_bytes) {
    return octet_attention(&inputs, output, nullptr, workspace.data(), workspace_bytes, nullptr);
  };
  EXPECT_OK(run(to.dl(), bytes));
  EXPECT_INVALID(run(to.dl(), bytes - 1), "workspace_bytes is " + std::to_string(bytes - 1));
  EXPECT_INVALID(run(out.dl(), bytes), "out is on cpu", "cuda:0");
  inputs.k = tensors.k.dl();
  EXPECT_INVALID(run(to.dl(), bytes), "inputs.k is on cpu", "cuda:0");
}

}  // namespace
}  // namespace test
}  // namespace octet
