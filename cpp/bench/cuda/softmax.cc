// SPDX-License-Identifier: Apache-2.0
// Softmax of scores [batch, heads, queries, keys].
#include "families.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t batch, heads, queries, keys;
};

constexpr Shape kShapes[] = {{32, 12, 128, 128}, {32, 12, 384, 384}, {1, 16, 2048, 2048}, {1, 32, 1, 8192}};
constexpr Shape kSmallShapes[] = {{1, 2, 3, 70}};

struct Types {
  DLDataType x, out;
};

constexpr Types kTypes[] = {{kF32, kF32}, {kF16, kU8}, {kS8, kU8}};

}  // namespace

void SoftmaxRows(Bench* bench) {
  for (const Shape& size : bench->Choose(kShapes, kSmallShapes)) {
    const std::vector<int64_t> shape = {size.batch, size.heads, size.queries, size.keys};
    for (const Types& types : kTypes) {
      const DLDataType x_type = types.x;
      const DLDataType out_type = types.out;
      for (const bool masked : {false, true}) {
        bench->Row(
            "softmax", NameOf(x_type) + '-' + NameOf(out_type) + (masked ? "/lengths/" : "/") + ShapeText(shape), [&] {
              const Tensor x(x_type, shape);
              const Tensor out(out_type, shape);
              const Grid grid(kS8, 0.05f);
              const Grid out_grid(kU8, 1.0f / 255.0f);
              // Of all keys, so that as many bytes move.
              const std::vector<int64_t> all(static_cast<size_t>(size.batch), size.keys);
              const Tensor lengths(kS64, {size.batch}, all.data());
              octet_softmax_terms terms = {};
              terms.scale = 0.125f;
              if (masked) terms.lengths = lengths.dl();
              bench->Measure({x.bytes() + out.bytes()}, [&] {
                BENCH_CHECK(octet_softmax(x.dl(), grid.For(x_type), &terms, out.dl(), out_grid.For(out_type), nullptr));
              });
            });
      }
    }
  }
}

}  // namespace bench
}  // namespace octet
