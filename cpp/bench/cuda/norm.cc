// SPDX-License-Identifier: Apache-2.0
// LayerNorm and RMSNorm of tokens, to codes and to floats, with and without an addition before.
#include "families.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t tokens, width;
};

// Batches of BERT-base and of a language model of 7 billion weights, and one token of the latter.
constexpr Shape kShapes[] = {{12288, 768}, {4096, 4096}, {1, 4096}};
constexpr Shape kSmallShapes[] = {{3, 70}};

struct Kind {
  const char* name;
  DLDataType x, out;
  /** The sum of x and a residual is normalized, and stored in the residual's place. */
  bool adds;
};

constexpr Kind kKinds[] = {{"f32-s8", kF32, kS8, false},
                           {"f16-s8", kF16, kS8, false},
                           {"f16-f16", kF16, kF16, false},
                           {"f16+f16-s8", kF16, kS8, true},
                           {"s8+s8-s8", kS8, kS8, true}};

using Normalization = decltype(&octet_layer_norm);

void Normalize(Bench* bench, const Shape& shape, const Kind& kind, Normalization function) {
  const auto [tokens, width] = shape;
  const Tensor x(kind.x, {tokens, width});
  const Tensor residual(kind.x, {tokens, width});
  const Tensor out(kind.out, {tokens, width});
  const Tensor weight(kF32, {width});
  const Tensor bias(kF32, {width});
  const Grid grid(kS8);
  octet_norm norm = {};
  norm.dims = 1;
  norm.eps = 1e-5f;
  norm.weight = weight.dl();
  norm.bias = bias.dl();
  if (kind.adds) {
    norm.residual = norm.sum = residual.dl();
    norm.residual_grid = norm.sum_grid = grid.For(kind.x);
  }
  const double added = kind.adds ? 2.0 * residual.bytes() : 0.0;
  bench->Measure({x.bytes() + added + out.bytes()}, [&] {
    BENCH_CHECK(function(x.dl(), grid.For(kind.x), &norm, out.dl(), grid.For(kind.out), nullptr));
  });
}

}  // namespace

void NormRows(Bench* bench) {
  for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) {
    for (const Kind& kind : kKinds) {
      const std::string row = std::string(kind.name) + '/' + ShapeText({shape.tokens, shape.width});
      bench->Row("layer_norm", row, [&] { Normalize(bench, shape, kind, octet_layer_norm); });
      bench->Row("rms_norm", row, [&] { Normalize(bench, shape, kind, octet_rms_norm); });
    }
  }
}

}  // namespace bench
}  // namespace octet
