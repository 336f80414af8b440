// SPDX-License-Identifier: Apache-2.0
// Attention of random queries, keys, values and terms.
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/attention_on_device.h"
#include "cuda/on_device.h"
#include "support/grids.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

constexpr DLDataType kCodeTypes[] = {kS8, kU8};

/** q, k or v: codes on a grid, or floats with or without one. */
struct RandomOperand {
  RandomOperand(Random* random, const std::vector<int64_t>& shape)
      : type(random->OneIn(2) ? random->Of(kCodeTypes) : random->Of(kValueTypes)),
        grid(random, type.bits == 8 ? type : random->Of(kCodeTypes)),
        has_grid(type.bits == 8 || random->OneIn(2)),
        tensor(random->Filled(type, shape, 1, grid.scale())) {}
  const octet_grid* GridOrNull() const { return has_grid ? grid.get() : nullptr; }

  DLDataType type;
  RandomGrid grid;
  bool has_grid;
  Tensor tensor;
};

/** Without a code for 0 a grid is refused for probabilities. */
bool HasZero(const octet_grid& grid) { return grid.zero_float != nullptr || (grid.int_min <= 0 && grid.int_max >= 0); }

TEST(CudaRandomAttention, EqualsTheCpu) {
  for (uint32_t seed : Seeds(12)) {
    Random random(seed);
    const int64_t batch = random.Between(1, 3), kv_heads = random.Between(1, 3), group = random.Between(1, 4);
    const int64_t heads = kv_heads * group;
    const int64_t queries = random.OneIn(3) ? random.Between(1, 4) : random.Size(80);
    const int64_t keys = random.Size(queries > 8 ? 200 : 600);
    const int64_t dim = random.Size(140), v_dim = random.OneIn(2) ? dim : random.Size(140);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << batch << " of " << heads << " heads, " << kv_heads
                                    << " of keys, " << queries << " queries, " << keys << " keys, dimensions " << dim
                                    << " and " << v_dim);
    RandomOperand q(&random, {batch, heads, queries, dim}), k(&random, {batch, kv_heads, keys, dim}),
        v(&random, {batch, kv_heads, keys, v_dim});
    const DLDataType out_type = random.Of(kValueTypes);
    const RandomGrid out_grid(&random, out_type), p_grid(&random, random.Of(kCodeTypes));
    const std::vector<int64_t> scores = {batch, heads, queries, keys};
    Tensor bias = random.Filled(kF32, random.Broadcast(scores, 1), 1);
    if (random.OneIn(3)) {
      for (int64_t i = 0; i < bias.count(); ++i) {
        if (random.OneIn(3)) bias.Set(i, -INFINITY);
      }
    }
    Tensor mask = random.Filled(random.OneIn(2) ? kBool : kU8, random.Broadcast(scores, 1), 1);
    const DLDataType length_type = random.OneIn(2) ? kS32 : kS64;
    Tensor lengths(length_type, {batch}, random.Input({batch}, length_type));
    for (int64_t b = 0; b < batch; ++b) lengths.Set(b, static_cast<double>(random.Between(-2, keys + 2)));
    const bool has_bias = random.OneIn(3), has_mask = random.OneIn(3), has_lengths = random.OneIn(3),
               causal = random.OneIn(2), has_p_grid = HasZero(*p_grid.get()) && random.OneIn(3),
               has_terms = !random.OneIn(8);
    const int64_t offset = random.OneIn(2) ? keys - queries : random.Between(-queries, keys);
    const float scale = random.OneIn(2) ? 0.01f : random.Real(-1.0f, 1.0f);
    SCOPED_TRACE(testing::Message() << TypeName(q.type) << (q.has_grid ? "" : " without grid") << ", "
                                    << TypeName(k.type) << (k.has_grid ? "" : " without grid") << ", "
                                    << TypeName(v.type) << (v.has_grid ? "" : " without grid") << " to "
                                    << TypeName(out_type) << (has_bias ? ", bias" : "") << (has_mask ? ", mask" : "")
                                    << (has_lengths ? ", lengths" : "") << (causal ? ", causal " : " ") << offset
                                    << (has_p_grid ? ", grid of probabilities" : ""));
    const std::vector<int64_t> out_shape = {batch, heads, queries, v_dim};
    const Placement out_place = random.Output(out_shape, out_type, 1);
    const auto outputs = [&] {
      std::vector<Tensor> made;
      made.emplace_back(out_type, out_shape, out_place);
      return made;
    };
    const ForcedKernel forced("", random.OneIn(2) ? 0 : static_cast<int32_t>(random.Between(1, 4)));
    ExpectSameOnDevice({&q.tensor, &k.tensor, &v.tensor, &bias, &mask, &lengths}, outputs,
                       [&](const Tensors& in, const Tensors& out) {
                         octet_softmax_terms terms = {};
                         terms.scale = scale;
                         if (has_bias) terms.bias = in[3];
                         if (has_mask) terms.mask = in[4];
                         if (has_lengths) terms.lengths = in[5];
                         terms.causal = causal ? 1 : 0;
                         terms.causal_offset = offset;
                         const octet_attention_inputs inputs = {in[0],
                                                                q.GridOrNull(),
                                                                in[1],
                                                                k.GridOrNull(),
                                                                in[2],
                                                                v.GridOrNull(),
                                                                1e-7f,
                                                                has_terms ? &terms : nullptr,
                                                                has_p_grid ? p_grid.get() : nullptr};
                         return RunWhereItIs(inputs, out[0], out_grid.get());
                       });
  }
}

}  // namespace
}  // namespace test
}  // namespace octet
