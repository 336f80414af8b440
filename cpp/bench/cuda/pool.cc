// SPDX-License-Identifier: Apache-2.0
// Pooling of images [images, height, width, channels]: the first layer's maximum and the last one's mean of ResNet, and
// means of 2 x 2 as DenseNet has them.
#include "families.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t images, size, channels;
};

constexpr Shape kMaxima[] = {{1, 112, 64}, {32, 112, 64}};
constexpr Shape kSmallMaxima[] = {{1, 7, 16}};
constexpr Shape kMeans[] = {{1, 56, 256}, {32, 56, 256}};
constexpr Shape kSmallMeans[] = {{1, 6, 16}};
constexpr Shape kGlobalMeans[] = {{1, 7, 2048}, {32, 7, 2048}};
constexpr Shape kSmallGlobalMeans[] = {{1, 3, 32}};

std::string RowOf(DLDataType type, const char* window, const Shape& shape) {
  return NameOf(type) + '/' + window + '/' + ShapeText({shape.images, shape.size, shape.size, shape.channels});
}

}  // namespace

void PoolRows(Bench* bench) {
  for (const DLDataType type : {kS8, kF16}) {
    for (const Shape& shape : bench->Choose(kMaxima, kSmallMaxima)) {
      bench->Row("max_pool2d", RowOf(type, "3x3_stride_2", shape), [&] {
        const auto [images, size, channels] = shape;
        const int64_t out_size = (size - 1) / 2 + 1;
        const Tensor x(type, {images, size, size, channels});
        const Tensor out(type, {images, out_size, out_size, channels});
        const octet_pool2d_params params = {3, 3, 2, 2, 1, 1, 1, 1, 1, 1, 0};
        bench->Measure({x.bytes() + out.bytes()},
                       [&] { BENCH_CHECK(octet_max_pool2d(x.dl(), &params, out.dl(), nullptr)); });
      });
    }
    const Grid grid(kS8);
    for (const Shape& shape : bench->Choose(kMeans, kSmallMeans)) {
      bench->Row("avg_pool2d", RowOf(type, "2x2_stride_2", shape), [&] {
        const auto [images, size, channels] = shape;
        const Tensor x(type, {images, size, size, channels});
        const Tensor out(type, {images, size / 2, size / 2, channels});
        const octet_pool2d_params params = {2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 0};
        bench->Measure({x.bytes() + out.bytes()}, [&] {
          BENCH_CHECK(octet_avg_pool2d(x.dl(), grid.For(type), &params, 1, 0, out.dl(), grid.For(type), nullptr));
        });
      });
    }
    for (const Shape& shape : bench->Choose(kGlobalMeans, kSmallGlobalMeans)) {
      bench->Row("adaptive_avg_pool2d", RowOf(type, "to_1x1", shape), [&] {
        const auto [images, size, channels] = shape;
        const Tensor x(type, {images, size, size, channels});
        const Tensor out(type, {images, 1, 1, channels});
        bench->Measure({x.bytes() + out.bytes()}, [&] {
          BENCH_CHECK(octet_adaptive_avg_pool2d(x.dl(), grid.For(type), out.dl(), grid.For(type), nullptr));
        });
      });
    }
  }
}

}  // namespace bench
}  // namespace octet
