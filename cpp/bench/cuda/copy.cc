// SPDX-License-Identifier: Apache-2.0
// Copies in another order, conversions, and tensors put together.
#include "families.h"
#include "matrices.h"

namespace octet {
namespace bench {
namespace {

struct Image {
  int64_t images, channels, size;
};

constexpr Image kImages[] = {{32, 256, 56}, {32, 3, 224}};
constexpr Image kSmallImages[] = {{1, 16, 5}};

struct Heads {
  int64_t batch, tokens, heads, dim;
};

constexpr Heads kHeads[] = {{32, 384, 12, 64}};
constexpr Heads kSmallHeads[] = {{2, 5, 2, 16}};

struct Types {
  DLDataType in, out;
};

constexpr Types kCasts[] = {{kF32, kBF16}, {kF32, kF16}, {kF16, kF32}, {kS64, kS32}, {kBool, kF32}};

/** A compact copy of elements in the order of `strides`. */
void Permute(Bench* bench, DLDataType type, const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  Tensor x(type, shape);
  x.View(shape, strides);
  const Tensor out(type, shape);
  bench->Measure({x.bytes() + out.bytes()}, [&] { BENCH_CHECK(octet_copy(x.dl(), out.dl(), nullptr)); });
}

void Cast(Bench* bench, const std::vector<int64_t>& shape, const Types& types) {
  const Tensor x(types.in, shape);
  const Tensor out(types.out, shape);
  bench->Measure({x.bytes() + out.bytes()}, [&] { BENCH_CHECK(octet_cast(x.dl(), out.dl(), nullptr)); });
}

/** Two halves, on the grid of the output or on another one. */
void Concat(Bench* bench, const Image& image, bool requantize) {
  const auto [images, channels, size] = image;
  const Tensor a(kS8, {images, size, size, channels});
  const Tensor b(kS8, {images, size, size, channels});
  const Tensor out(kS8, {images, size, size, 2 * channels});
  const Grid grid(kS8, 0.02f);
  const Grid out_grid(kS8, requantize ? 0.03f : 0.02f);
  const DLTensor* const inputs[] = {a.dl(), b.dl()};
  const octet_grid* const grids[] = {grid.get(), grid.get()};
  bench->Measure({2.0 * out.bytes()},
                 [&] { BENCH_CHECK(octet_concat(inputs, grids, 2, 3, out.dl(), out_grid.get(), nullptr)); });
}

}  // namespace

void CopyRows(Bench* bench) {
  for (const auto& [rows, columns] : bench->Choose(kMatrices, kSmallMatrices)) {
    const std::vector<int64_t> shape = {rows, columns};
    for (const DLDataType type : {kF32, kF16, kS8}) {
      const std::string name = '/' + NameOf(type) + '/' + ShapeText(shape);
      bench->Row("copy", "compact" + name, [&] { Permute(bench, type, shape, {shape[1], 1}); });
      bench->Row("copy", "transpose" + name, [&] { Permute(bench, type, shape, {1, shape[0]}); });
    }
    for (const Types& types : kCasts) {
      bench->Row("cast", NameOf(types.in) + '-' + NameOf(types.out) + '/' + ShapeText(shape),
                 [&] { Cast(bench, shape, types); });
    }
  }
  for (const Image& image : bench->Choose(kImages, kSmallImages)) {
    const auto [images, channels, size] = image;
    const int64_t pixels = size * size;
    const std::string name = '/' + ShapeText({images, channels, size, size});
    const std::vector<int64_t> last = {images, size, size, channels};
    const std::vector<int64_t> strides = {channels * pixels, size, 1, pixels};
    bench->Row("copy", "nchw-nhwc/s8" + name, [&] { Permute(bench, kS8, last, strides); });
    bench->Row("concat", "channels/s8" + name, [&] { Concat(bench, image, false); });
    bench->Row("concat", "channels_requantize/s8" + name, [&] { Concat(bench, image, true); });
  }
  for (const auto& [batch, tokens, heads, dim] : bench->Choose(kHeads, kSmallHeads)) {
    const std::vector<int64_t> shape = {batch, heads, tokens, dim};
    const std::vector<int64_t> strides = {tokens * heads * dim, dim, heads * dim, 1};
    for (const DLDataType type : {kF16, kS8}) {
      bench->Row("copy", "heads_first/" + NameOf(type) + '/' + ShapeText(shape),
                 [&] { Permute(bench, type, shape, strides); });
    }
  }
}

}  // namespace bench
}  // namespace octet
