// SPDX-License-Identifier: Apache-2.0
// Convolutions of the layers of ResNet-50, ResNeXt-50 and MobileNetV2, channels last, with scales of channels, bias and
// ReLU, to codes; and some of them in floats, in the CPU's order of sums.
#include "families.h"
#include "weights.h"

namespace octet {
namespace bench {
namespace {

struct Layer {
  const char* network;
  int64_t in, out;
  /** Height and width of the input. */
  int64_t size;
  int64_t kernel;
  int32_t stride = 1;
  int32_t groups = 1;
};

constexpr Layer kLayers[] = {{"resnet50", 3, 64, 224, 7, 2},        {"resnet50", 64, 64, 56, 1},
                             {"resnet50", 64, 64, 56, 3},           {"resnet50", 64, 256, 56, 1},
                             {"resnet50", 128, 128, 56, 3, 2},      {"resnet50", 128, 128, 28, 3},
                             {"resnet50", 256, 512, 56, 1, 2},      {"resnet50", 256, 256, 14, 3},
                             {"resnet50", 256, 1024, 14, 1},        {"resnet50", 1024, 256, 14, 1},
                             {"resnet50", 512, 512, 7, 3},          {"resnet50", 2048, 512, 7, 1},
                             {"resnext50", 128, 128, 56, 3, 1, 32}, {"resnext50", 512, 512, 14, 3, 1, 32},
                             {"mobilenet_v2", 3, 32, 224, 3, 2},    {"mobilenet_v2", 32, 32, 112, 3, 1, 32},
                             {"mobilenet_v2", 16, 96, 112, 1},      {"mobilenet_v2", 96, 96, 112, 3, 2, 96},
                             {"mobilenet_v2", 144, 24, 56, 1},      {"mobilenet_v2", 384, 384, 14, 3, 1, 384},
                             {"mobilenet_v2", 384, 64, 14, 1},      {"mobilenet_v2", 960, 960, 7, 3, 1, 960},
                             {"mobilenet_v2", 320, 1280, 7, 1}};
constexpr Layer kSmallLayers[] = {{"small", 3, 16, 9, 7, 2},
                                  {"small", 16, 32, 5, 1},
                                  {"small", 16, 16, 6, 3, 2},
                                  {"small", 32, 32, 5, 3, 1, 2},
                                  {"small", 32, 32, 6, 3, 1, 32}};
constexpr Layer kFloatLayers[] = {{"resnet50", 3, 64, 224, 7, 2},
                                  {"resnet50", 128, 128, 28, 3},
                                  {"resnet50", 256, 1024, 14, 1},
                                  {"mobilenet_v2", 384, 384, 14, 3, 1, 384}};
constexpr Layer kSmallFloatLayers[] = {{"small", 16, 32, 5, 3}, {"small", 32, 32, 6, 3, 1, 32}};
constexpr int64_t kBatches[] = {1, 32};
constexpr int64_t kSmallBatches[] = {2};

struct Kind {
  DLDataType x;
  /** Of weights; 32: f32. */
  int bits;
  DLDataType out;
};

constexpr Kind kBytes = {kS8, 8, kS8};
constexpr Kind kHalfBytes = {kS8, 4, kS8};
constexpr Kind kFloats = {kF16, 32, kF16};

void Convolve(Bench* bench, const Kind& kind, const Layer& layer, int64_t batch) {
  const auto pad = static_cast<int32_t>(layer.kernel / 2);
  const octet_conv2d_params params = {layer.stride, layer.stride, pad, pad, pad, pad, 1, 1, layer.groups};
  const int64_t out_size = (layer.size + 2 * pad - layer.kernel) / layer.stride + 1;
  const Filters filters(layer.out, layer.in, layer.kernel, params, kind.bits);
  const Tensor x(kind.x, {batch, layer.size, layer.size, layer.in});
  const Tensor out(kind.out, {batch, out_size, out_size, layer.out});
  const Tensor bias(kF32, {layer.out});
  const Grid grid(kS8);
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  epilogue.activation = OCTET_ACTIVATION_RELU;
  epilogue.out_grid = grid.For(kind.out);
  const bool floats = kind.bits == 32;
  size_t bytes = 0;
  BENCH_CHECK((floats ? octet_conv2d_float_workspace_size : octet_conv2d_workspace_size)(
      x.dl(), filters.handle(), filters.handle_bytes(), &bytes));
  const Memory workspace(bytes);
  const int64_t depth = layer.in / layer.groups * layer.kernel * layer.kernel;
  const auto weights = static_cast<double>(layer.out * depth);
  const auto pixels = static_cast<double>(batch * out_size * out_size);
  const Work work = {x.bytes() + weights * kind.bits / 8.0 + out.bytes(), 2.0 * pixels * weights,
                     floats ? Arithmetic::kF32 : Arithmetic::kInt8};
  if (floats) {
    bench->Measure(work, [&] {
      BENCH_CHECK(octet_conv2d_float(x.dl(), nullptr, filters.handle(), filters.handle_bytes(), &epilogue, out.dl(),
                                     workspace.data(), bytes, nullptr));
    });
  } else {
    bench->Measure(work, [&] {
      BENCH_CHECK(octet_conv2d(x.dl(), grid.get(), filters.handle(), filters.handle_bytes(), &epilogue, out.dl(),
                               workspace.data(), bytes, nullptr));
    });
  }
}

void Row(Bench* bench, const Kind& kind, const Layer& layer, int64_t batch) {
  const std::string size = std::to_string(layer.kernel);
  std::string row = NameOf(kind.x) + 'x' + (kind.bits == 32 ? "f32" : "s" + std::to_string(kind.bits)) + '-' +
                    NameOf(kind.out) + '/' + layer.network + '/' + size + 'x' + size;
  if (layer.stride > 1) row += "_stride_" + std::to_string(layer.stride);
  if (layer.groups == layer.in) {
    row += "_depthwise";
  } else if (layer.groups > 1) {
    row += "_groups_" + std::to_string(layer.groups);
  }
  row += '_' + std::to_string(layer.in) + '-' + std::to_string(layer.out) + '/' +
         ShapeText({batch, layer.size, layer.size});
  bench->Row(kind.bits == 32 ? "conv2d_float" : "conv2d", row, [&] { Convolve(bench, kind, layer, batch); });
}

}  // namespace

void Conv2dRows(Bench* bench) {
  for (const int64_t batch : bench->Choose(kBatches, kSmallBatches)) {
    for (const Layer& layer : bench->Choose(kLayers, kSmallLayers)) Row(bench, kBytes, layer, batch);
    for (const Layer& layer : bench->Choose(kFloatLayers, kSmallFloatLayers)) {
      Row(bench, kHalfBytes, layer, batch);
      Row(bench, kFloats, layer, batch);
    }
  }
}

}  // namespace bench
}  // namespace octet
