// SPDX-License-Identifier: Apache-2.0
#include "octet/attention.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "support/gemm.h"
#include "support/grids.h"
#include "support/masks.h"
#include "support/says.h"
#include "support/tensor.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Codes or floats of [batch, heads, tokens, dim] with their grid. */
struct Side {
  Side(DLDataType type, std::vector<int64_t> shape, Layout layout, float scale, float zero_point, uint32_t seed)
      : grid(type.bits == 8 ? type : kS8, scale, zero_point), tensor(type, std::move(shape), layout) {
    const std::vector<float> values = RandomValues(tensor.count(), 40.0f * scale, seed);
    for (int64_t i = 0; i < tensor.count(); ++i) {
      const float value = values[static_cast<size_t>(i)];
      tensor.Set(i, type.bits == 8 ? grid.CodeOf(value) : static_cast<double>(value));
    }
  }

  double CodeAt(int64_t index) const {
    const double stored = tensor.Get(index);
    return tensor.type().bits == 8 ? stored : grid.CodeOf(static_cast<float>(stored));
  }

  TensorGrid grid;
  Tensor tensor;
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
  /** Of q, k and v. */
  float zero_points[3] = {0.0f, 0.0f, 0.0f};
  float scale = 0.2f;
  /** 0: none, 1: [queries, keys], 2: [batch, 1, 1, keys]. */
  int bias = 0;
  /** 0: none, 1: [batch, 1, queries, keys], 2: [batch, 1, 1, keys]. */
  int mask = 0;
  bool lengths = false;
  std::optional<int64_t> causal;
  /** Scale and zero point. */
  std::optional<std::pair<float, float>> p_grid;
};

/** Compares, bit by bit, with the documented operations one after the other, octet_softmax among them. */
void Check(const Case& c) {
  Side q(c.in, {c.batch, c.heads, c.queries, c.dim}, c.layout, 0.05f, c.zero_points[0], 1);
  Side k(c.in, {c.batch, c.kv_heads, c.keys, c.dim}, c.layout, 0.04f, c.zero_points[1], 2);
  Side v(c.in, {c.batch, c.kv_heads, c.keys, c.v_dim}, c.layout, 0.03f, c.zero_points[2], 3);
  Tensor bias(kF32,
              c.bias == 1 ? std::vector<int64_t>{c.queries, c.keys} : std::vector<int64_t>{c.batch, 1, 1, c.keys});
  bias.Fill(RandomValues(bias.count(), 2.0f, 4));
  BoolMask mask({c.batch, 1, c.mask == 1 ? c.queries : 1, c.keys}, 5);
  Tensor lengths(kS32, {c.batch});
  for (int64_t b = 0; b < c.batch; ++b) lengths.Set(b, static_cast<double>(b == 0 ? c.keys + 5 : c.keys / 2));
  octet_softmax_terms terms = {};
  terms.scale = c.scale;
  if (c.bias != 0) terms.bias = bias.dl();
  if (c.mask != 0) terms.mask = mask.dl();
  if (c.lengths) terms.lengths = lengths.dl();
  terms.causal = c.causal ? 1 : 0;
  terms.causal_offset = c.causal.value_or(0);
  const auto p_pair = c.p_grid.value_or(std::pair<float, float>(1.0f / 255.0f, 0.0f));
  const TensorGrid p_grid(kU8, p_pair.first, p_pair.second);
  const TensorGrid out_grid(c.out, 0.02f, c.out.code == kDLUInt ? 120.0f : 3.0f);
  octet_attention_inputs inputs = {};
  inputs.q = q.tensor.dl();
  inputs.q_grid = q.grid.get();
  inputs.k = k.tensor.dl();
  inputs.k_grid = k.grid.get();
  inputs.v = v.tensor.dl();
  inputs.v_grid = v.grid.get();
  inputs.terms = &terms;
  if (c.p_grid) inputs.p_grid = p_grid.get();
  const std::vector<int64_t> out_shape = {c.batch, c.heads, c.queries, c.v_dim};
  const auto outputs = SameOnAllPaths([&] {
    size_t bytes = 0;
    EXPECT_OK(octet_attention_workspace_size(&inputs, &bytes));
    const Aligned workspace(bytes);
    std::vector<Tensor> out;
    out.emplace_back(c.out, out_shape);
    EXPECT_OK(octet_attention(&inputs, out[0].dl(), out_grid.get(), workspace.data(), bytes, nullptr));
    return out;
  });

  Tensor scores(kF32, {c.batch, c.heads, c.queries, c.keys});
  const int64_t group = c.heads / c.kv_heads;
  const float qk_scale = 0.05f * 0.04f;
  for (int64_t b = 0; b < c.batch; ++b) {
    for (int64_t h = 0; h < c.heads; ++h) {
      for (int64_t i = 0; i < c.queries; ++i) {
        for (int64_t j = 0; j < c.keys; ++j) {
          int64_t sum = 0;
          for (int64_t d = 0; d < c.dim; ++d) {
            const double left = q.CodeAt(((b * c.heads + h) * c.queries + i) * c.dim + d);
            const double right = k.CodeAt(((b * c.kv_heads + h / group) * c.keys + j) * c.dim + d);
            sum += static_cast<int64_t>((left - static_cast<double>(c.zero_points[0])) *
                                        (right - static_cast<double>(c.zero_points[1])));
          }
          const float score = static_cast<float>(sum) * qk_scale;
          scores.Set(((b * c.heads + h) * c.queries + i) * c.keys + j, static_cast<double>(score));
        }
      }
    }
  }
  Tensor p(kU8, scores.shape());
  ASSERT_OK(octet_softmax(scores.dl(), nullptr, &terms, p.dl(), p_grid.get(), nullptr));
  Tensor expected(c.out, out_shape);
  for (int64_t row = 0; row < c.batch * c.heads * c.queries; ++row) {
    const int64_t head = row / c.queries;
    const int64_t kv = head / c.heads * c.kv_heads + head % c.heads / group;
    for (int64_t d = 0; d < c.v_dim; ++d) {
      int64_t sum = 0;
      for (int64_t j = 0; j < c.keys; ++j) {
        const double value = v.CodeAt((kv * c.keys + j) * c.v_dim + d) - static_cast<double>(c.zero_points[2]);
        sum += static_cast<int64_t>((p.Get(row * c.keys + j) - static_cast<double>(p_pair.second)) * value);
      }
      const float y = static_cast<float>(sum) * (p_pair.first * 0.03f);
      expected.Set(row * c.v_dim + d, out_grid.StoredOf(static_cast<double>(y)));
    }
  }
  EXPECT_TRUE(SameBits(outputs[0], expected));
}

TEST(Attention, EqualsItsStepsForLengths) {
  for (int64_t tokens : {1, 2, 15, 16, 17, 31, 33, 128}) {
    Case c;
    c.queries = c.keys = tokens;
    SCOPED_TRACE(tokens);
    Check(c);
  }
  Case c;
  c.batch = c.heads = c.kv_heads = 1;
  c.queries = c.keys = 513;
  Check(c);
  c.queries = 3;
  c.keys = 5000;
  Check(c);
}

TEST(Attention, EqualsItsStepsForDimensions) {
  for (int64_t dim = 1; dim <= 129; dim += dim < 20 ? 1 : 7) {
    Case c;
    c.batch = 1;
    c.dim = dim;
    c.v_dim = dim % 3 == 0 ? dim : 130 - dim;
    SCOPED_TRACE(dim);
    Check(c);
  }
}

TEST(Attention, EqualsItsStepsForHeads) {
  for (int64_t heads : {1, 3, 12}) {
    for (int64_t kv_heads : {1, 3}) {
      if (heads % kv_heads != 0) continue;
      Case c;
      c.heads = heads;
      c.kv_heads = kv_heads;
      c.queries = 17;
      c.keys = 33;
      SCOPED_TRACE(std::to_string(heads) + ", " + std::to_string(kv_heads));
      Check(c);
    }
  }
}

TEST(Attention, TypesAndZeroPoints) {
  for (DLDataType in : {kS8, kU8, kF32, kF16, kBF16}) {
    for (DLDataType out : kValueTypes) {
      for (bool zero_points : {false, true}) {
        Case c;
        c.in = in;
        c.out = out;
        c.queries = 15;
        c.keys = 37;
        c.dim = 9;
        c.v_dim = 35;
        const float middle = in.code == kDLUInt ? 120.0f : 0.0f;
        for (int i = 0; i < 3; ++i) c.zero_points[i] = middle + (zero_points ? static_cast<float>(3 * i - 5) : 0.0f);
        if (zero_points) c.p_grid = std::pair<float, float>(0.004f, 2.0f);
        c.lengths = zero_points;
        SCOPED_TRACE(TypeName(in) + " to " + TypeName(out) + (zero_points ? " with zero points" : ""));
        Check(c);
      }
    }
  }
}

TEST(Attention, Masks) {
  for (int bias = 0; bias < 3; ++bias) {
    for (int mask = 0; mask < 3; ++mask) {
      for (int others = 0; others < 4; ++others) {
        Case c;
        c.bias = bias;
        c.mask = mask;
        c.lengths = (others & 1) != 0;
        c.queries = 19;
        c.keys = 45;
        if ((others & 2) != 0) c.causal = bias * 20 - 7;
        if (mask == 1) c.p_grid = std::pair<float, float>(0.01f, 1.0f);
        SCOPED_TRACE(std::to_string(bias) + ", " + std::to_string(mask) + ", " + std::to_string(others));
        Check(c);
      }
    }
  }
}

TEST(Attention, Layouts) {
  for (Layout layout : {Layout::kCompact, Layout::kMisaligned, Layout::kExpanded}) {
    for (DLDataType in : {kS8, kF32}) {
      Case c;
      c.in = in;
      c.layout = layout;
      c.dim = c.v_dim = 33;
      Check(c);
    }
  }
}

TEST(Attention, EmptyShapes) {
  for (int which = 0; which < 6; ++which) {
    Case c;
    if (which == 0) c.batch = 0;
    if (which == 1) c.heads = c.kv_heads = 0;
    if (which == 2) c.queries = 0;
    if (which == 3) c.keys = 0;
    if (which == 4) c.dim = 0;
    if (which == 5) c.v_dim = 0;
    if (which == 1) continue;
    SCOPED_TRACE(which);
    Check(c);
  }
}

/** Views of heads in [batch, tokens, 3, heads, dim]. */
TEST(Attention, ReadsPackedHeads) {
  constexpr int64_t kBatch = 2, kTokens = 21, kHeads = 3, kDim = 16;
  Tensor packed(kS8, {kBatch, kTokens, 3, kHeads, kDim});
  const std::vector<int> codes = RandomCodes(packed.count(), -128, 127, 1);
  for (int64_t i = 0; i < packed.count(); ++i) packed.Set(i, codes[static_cast<size_t>(i)]);
  const TensorGrid grid(kS8, 0.05f, 0.0f);
  std::vector<Tensor> parts;
  int64_t shape[4] = {kBatch, kHeads, kTokens, kDim};
  int64_t strides[4] = {kTokens * 3 * kHeads * kDim, kDim, 3 * kHeads * kDim, 1};
  DLTensor views[3];
  octet_attention_inputs compact = {};
  octet_attention_inputs strided = {};
  for (int64_t s = 0; s < 3; ++s) {
    parts.emplace_back(kS8, std::vector<int64_t>{kBatch, kHeads, kTokens, kDim});
    for (int64_t i = 0; i < parts.back().count(); ++i) {
      const int64_t d = i % kDim, t = i / kDim % kTokens, h = i / kDim / kTokens % kHeads,
                    b = i / kDim / kTokens / kHeads;
      parts.back().Set(i, packed.Get((((b * kTokens + t) * 3 + s) * kHeads + h) * kDim + d));
    }
    views[s] = *packed.dl();
    views[s].ndim = 4;
    views[s].shape = shape;
    views[s].strides = strides;
    views[s].byte_offset += static_cast<uint64_t>(s * kHeads * kDim);
  }
  compact.q = parts[0].dl();
  compact.k = parts[1].dl();
  compact.v = parts[2].dl();
  strided.q = &views[0];
  strided.k = &views[1];
  strided.v = &views[2];
  for (octet_attention_inputs* inputs : {&compact, &strided}) {
    inputs->q_grid = inputs->k_grid = inputs->v_grid = grid.get();
  }
  // The output as [batch, tokens, heads, dim] and as [batch, heads, tokens, dim].
  Tensor expected(kF32, {kBatch, kHeads, kTokens, kDim});
  Tensor got(kF32, {kBatch, kTokens, kHeads, kDim});
  DLTensor view = *got.dl();
  int64_t out_strides[4] = {kTokens * kHeads * kDim, kDim, kHeads * kDim, 1};
  view.shape = shape;
  view.strides = out_strides;
  size_t bytes = 0;
  ASSERT_OK(octet_attention_workspace_size(&strided, &bytes));
  const Aligned workspace(bytes);
  ASSERT_OK(octet_attention(&compact, expected.dl(), nullptr, workspace.data(), bytes, nullptr));
  ASSERT_OK(octet_attention(&strided, &view, nullptr, workspace.data(), bytes, nullptr));
  for (int64_t i = 0; i < got.count(); ++i) {
    const int64_t d = i % kDim, h = i / kDim % kHeads, t = i / kDim / kHeads % kTokens, b = i / kDim / kHeads / kTokens;
    ASSERT_EQ(got.Get(i), expected.Get(((b * kHeads + h) * kTokens + t) * kDim + d)) << i;
  }
}

/** Attention of floats without grids, and what is behind it. */
struct Floats {
  Floats(int64_t queries, int64_t keys, int64_t dim)
      : q(kF32, {1, 1, queries, dim}), k(kF32, {1, 1, keys, dim}), v(kF32, {1, 1, keys, dim}) {
    q.Fill(RandomValues(q.count(), 1.0f, 1));
    k.Fill(RandomValues(k.count(), 1.0f, 2));
    v.Fill(RandomValues(v.count(), 1.0f, 3));
    terms.scale = 0.3f;
  }
  std::vector<double> Run() {
    octet_attention_inputs inputs = {};
    inputs.q = q.dl();
    inputs.k = k.dl();
    inputs.v = v.dl();
    inputs.eps = 1e-7f;
    inputs.terms = &terms;
    const auto outputs = SameOnAllPaths([&] {
      size_t bytes = 0;
      EXPECT_OK(octet_attention_workspace_size(&inputs, &bytes));
      const Aligned workspace(bytes);
      std::vector<Tensor> out;
      out.emplace_back(kF32, q.shape());
      EXPECT_OK(octet_attention(&inputs, out[0].dl(), nullptr, workspace.data(), bytes, nullptr));
      return out;
    });
    std::vector<double> values;
    for (int64_t i = 0; i < outputs[0].count(); ++i) values.push_back(outputs[0].Get(i));
    return values;
  }
  Tensor q, k, v;
  octet_softmax_terms terms = {};
};

TEST(Attention, GridsTakenFromFloats) {
  constexpr int64_t kQueries = 20, kKeys = 50, kDim = 24;
  Floats floats(kQueries, kKeys, kDim);
  const std::vector<double> got = floats.Run();
  for (int64_t i = 0; i < kQueries; ++i) {
    std::vector<double> p;
    double sum = 0.0;
    for (int64_t j = 0; j < kKeys; ++j) {
      double score = 0.0;
      for (int64_t d = 0; d < kDim; ++d) score += floats.q.Get(i * kDim + d) * floats.k.Get(j * kDim + d);
      p.push_back(std::exp(score * static_cast<double>(floats.terms.scale)));
      sum += p.back();
    }
    for (int64_t d = 0; d < kDim; ++d) {
      double y = 0.0;
      for (int64_t j = 0; j < kKeys; ++j) y += p[static_cast<size_t>(j)] / sum * floats.v.Get(j * kDim + d);
      EXPECT_NEAR(got[static_cast<size_t>(i * kDim + d)], y, 0.06) << i << ", " << d;
    }
  }
}

TEST(Attention, SpecialValues) {
  constexpr int64_t kTokens = 6, kDim = 4;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto row_is_nan = [](const std::vector<double>& out, int64_t row) {
    for (int64_t d = 0; d < kDim; ++d) {
      if (!std::isnan(out[static_cast<size_t>(row * kDim + d)])) return false;
    }
    return true;
  };
  {
    Floats floats(kTokens, kTokens, kDim);
    floats.q.Set(2 * kDim + 1, nan);
    floats.q.Set(4 * kDim, static_cast<double>(INFINITY));
    const std::vector<double> out = floats.Run();
    for (int64_t i = 0; i < kTokens; ++i) EXPECT_EQ(row_is_nan(out, i), i == 2 || i == 4) << i;
  }
  {
    // A key that is NaN spoils the queries that see it; values beyond a length are not looked at.
    Floats floats(kTokens, kTokens, kDim);
    floats.k.Set(3 * kDim, nan);
    floats.terms.causal = 1;
    const std::vector<double> out = floats.Run();
    for (int64_t i = 0; i < kTokens; ++i) EXPECT_EQ(row_is_nan(out, i), i >= 3) << i;
    Tensor lengths(kS32, {1});
    lengths.Set(0, 3);
    floats.terms.lengths = lengths.dl();
    floats.v.Set(3 * kDim, nan);
    const std::vector<double> shorter = floats.Run();
    for (int64_t i = 0; i < kTokens; ++i) EXPECT_FALSE(row_is_nan(shorter, i)) << i;
  }
  {
    // Terms of a bias: NaN beside minus infinity, minus infinity alone, plus infinity.
    Floats floats(kTokens, kTokens, kDim);
    Tensor bias(kF32, {kTokens, kTokens});
    for (int64_t i = 0; i < kTokens; ++i) {
      for (int64_t j = 0; j < kTokens; ++j) {
        double value = 0.0;
        if (i == 1 || i == 2) value = static_cast<double>(-INFINITY);
        if (i == 1 && j == 3) value = nan;
        if (i == 4 && j == 2) value = static_cast<double>(INFINITY);
        bias.Set(i * kTokens + j, value);
      }
    }
    floats.terms.bias = bias.dl();
    const std::vector<double> out = floats.Run();
    for (int64_t i = 0; i < kTokens; ++i) EXPECT_EQ(row_is_nan(out, i), i == 1 || i == 4) << i;
    for (int64_t d = 0; d < kDim; ++d) EXPECT_EQ(out[static_cast<size_t>(2 * kDim + d)], 0.0);
  }
}

TEST(Attention, ExtremesDoNotOverflow) {
  for (DLDataType type : {kS8, kU8}) {
    const double least = type.code == kDLInt ? -128.0 : 0.0;
    const TensorGrid grid(type, 1e-3f, static_cast<float>(least));
    Tensor q(type, {1, 1, 1, 2048}), k(type, {1, 1, 40, 2048}), v(type, {1, 1, 40, 3}), out(kF32, {1, 1, 1, 3});
    for (Tensor* tensor : {&q, &k, &v}) {
      for (int64_t i = 0; i < tensor->count(); ++i) tensor->Set(i, least + 255.0);
    }
    const TensorGrid p_grid(kU8, 1e-4f, 0.0f);
    octet_attention_inputs inputs = {};
    inputs.q = q.dl();
    inputs.k = k.dl();
    inputs.v = v.dl();
    inputs.q_grid = inputs.k_grid = inputs.v_grid = grid.get();
    inputs.p_grid = p_grid.get();
    size_t bytes = 0;
    ASSERT_OK(octet_attention_workspace_size(&inputs, &bytes));
    const Aligned workspace(bytes);
    ASSERT_OK(octet_attention(&inputs, out.dl(), nullptr, workspace.data(), bytes, nullptr));
    for (int64_t d = 0; d < 3; ++d)
      EXPECT_EQ(out.Get(d), static_cast<double>(40.0f * 250.0f * 255.0f * (1e-4f * 1e-3f)));
  }
}

TEST(AttentionErrors, NameTheArgument) {
  Case c;
  Side q(kS8, {1, 2, 3, 4}, Layout::kCompact, 0.1f, 0.0f, 1);
  Side k(kS8, {1, 2, 5, 4}, Layout::kCompact, 0.1f, 0.0f, 2);
  Side v(kS8, {1, 2, 5, 6}, Layout::kCompact, 0.1f, 0.0f, 3);
  Tensor out(kF32, {1, 2, 3, 6});
  octet_attention_inputs good = {};
  good.q = q.tensor.dl();
  good.k = k.tensor.dl();
  good.v = v.tensor.dl();
  good.q_grid = q.grid.get();
  good.k_grid = k.grid.get();
  good.v_grid = v.grid.get();
  size_t bytes = 0;
  ASSERT_OK(octet_attention_workspace_size(&good, &bytes));
  const Aligned workspace(bytes);
  const auto call = [&](const octet_attention_inputs& inputs, Tensor* to) {
    return octet_attention(&inputs, to->dl(), nullptr, workspace.data(), bytes, nullptr);
  };
  EXPECT_OK(call(good, &out));
  EXPECT_INVALID(octet_attention(nullptr, out.dl(), nullptr, workspace.data(), bytes, nullptr), "inputs is null");
  EXPECT_INVALID(octet_attention_workspace_size(&good, nullptr), "bytes is null");
  EXPECT_INVALID(octet_attention(&good, out.dl(), nullptr, workspace.data(), 63, nullptr), "workspace_bytes is 63");
  EXPECT_INVALID(octet_attention(&good, out.dl(), nullptr, workspace.data() + 1, bytes, nullptr), "divisible by 64");
  EXPECT_INVALID(octet_attention(&good, out.dl(), nullptr, workspace.data(), bytes, &bytes), "stream");
  octet_attention_inputs bad = good;
  bad.k = v.tensor.dl();
  EXPECT_INVALID(call(bad, &out), "inputs.k has shape [1, 2, 5, 6]", "dim of inputs.q");
  bad = good;
  bad.q_grid = nullptr;
  EXPECT_INVALID(call(bad, &out), "inputs.q_grid is null", "s8");
  bad = good;
  Tensor flat(kS8, {5, 4});
  bad.k = flat.dl();
  EXPECT_INVALID(call(bad, &out), "inputs.k has shape [5, 4]", "4 dimensions");
  Tensor floats(kF32, {1, 2, 3, 4});
  bad = good;
  bad.q = floats.dl();
  bad.q_grid = nullptr;
  EXPECT_INVALID(call(bad, &out), "inputs.eps is 0");
  Tensor three(kS8, {1, 3, 5, 4}), three_values(kS8, {1, 3, 5, 6});
  bad = good;
  bad.k = three.dl();
  bad.v = three_values.dl();
  EXPECT_INVALID(call(bad, &out), "inputs.k has shape [1, 3, 5, 4]", "divisor of 2");
  Tensor many(kS8, {1, 2, 33026, 4}), many_values(kS8, {1, 2, 33026, 6});
  bad = good;
  bad.k = many.dl();
  bad.v = many_values.dl();
  EXPECT_INVALID(call(bad, &out), "33026", "up to 33025");
  octet_softmax_terms terms = {};
  terms.scale = INFINITY;
  bad = good;
  bad.terms = &terms;
  EXPECT_INVALID(call(bad, &out), "terms.scale is inf");
  terms.scale = 1.0f;
  Tensor bias(kF32, {4});
  terms.bias = bias.dl();
  EXPECT_INVALID(call(bad, &out), "terms.bias has shape [4]", "[1, 2, 3, 5]");
  const TensorGrid wide(kU8, 0.1f, 0.0f);
  octet_grid too_wide = *wide.get();
  too_wide.int_max = 300.0f;
  bad = good;
  bad.p_grid = &too_wide;
  EXPECT_INVALID(call(bad, &out), "inputs.p_grid reaches from 0 to 300");
  octet_grid without_zero = *wide.get();
  without_zero.zero_float = nullptr;
  without_zero.int_min = 5.0f;
  bad.p_grid = &without_zero;
  EXPECT_INVALID(call(bad, &out), "inputs.p_grid reaches from 5 to 255 without a zero point");
  Tensor wrong(kF32, {1, 2, 3, 4});
  EXPECT_INVALID(call(good, &wrong), "out has shape [1, 2, 3, 4]", "v_dim of inputs.v");
  Tensor codes(kS8, {1, 2, 3, 6});
  EXPECT_INVALID(call(good, &codes), "out_grid is null");
}

}  // namespace
}  // namespace test
}  // namespace octet
