// SPDX-License-Identifier: Apache-2.0
// Convolutions, each with the matrix product of the same M, N and K beside it: GOP/s counts a multiplication and an
// addition as two. Arguments are images, height and width, input and output channels, kernel, stride, groups and
// threads.
#include "tensors.h"

namespace octet {
namespace bench {
namespace {

struct Variant {
  DLDataType x;
  DLDataType out;
  bool channels_first;
};

octet_grid CodeGrid(Tensor* step, DLDataType type) {
  const bool is_unsigned = type.code == kDLUInt;
  return {step->get(), nullptr, is_unsigned ? 0.0f : -128.0f, is_unsigned ? 255.0f : 127.0f, OCTET_SCALE_LINEAR,
          1e-8f,       -1};
}

struct Shape {
  explicit Shape(const benchmark::State& state)
      : n(state.range(0)),
        size(state.range(1)),
        in(state.range(2)),
        out(state.range(3)),
        kernel(state.range(4)),
        stride(state.range(5)),
        groups(state.range(6)) {}

  int64_t out_size() const { return (size + 2 * (kernel / 2) - kernel) / stride + 1; }
  int64_t m() const { return n * out_size() * out_size(); }
  int64_t k() const { return in / groups * kernel * kernel; }

  int64_t n, size, in, out, kernel, stride, groups;
};

void Conv2d(benchmark::State& state, Variant variant) {
  const Shape s(state);
  SetThreads(state, state.range(7));
  const Block weights(static_cast<size_t>(s.out * s.k()));
  TypedTensor weight_tensor(weights.data(), {s.out, s.in / s.groups, s.kernel, s.kernel}, kS8);
  std::vector<float> scales(static_cast<size_t>(s.out), 0.01f);
  std::vector<float> bias(static_cast<size_t>(s.out), 0.5f);
  Tensor scale_tensor(scales.data(), {s.out});
  Tensor bias_tensor(bias.data(), {s.out});
  const octet_grid weight_grid = {scale_tensor.get(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
  const auto stride = static_cast<int32_t>(s.stride);
  const auto pad = static_cast<int32_t>(s.kernel / 2);
  const octet_conv2d_params params = {stride, stride, pad, pad, pad, pad, 1, 1, static_cast<int32_t>(s.groups)};
  size_t bytes = 0;
  Check(state, octet_conv2d_pack_size(weight_tensor.get(), &params, OCTET_WEIGHTS_8_BIT, &bytes));
  const Block packed(bytes);
  Check(state, octet_conv2d_pack(weight_tensor.get(), &weight_grid, &params, OCTET_WEIGHTS_8_BIT, packed.data(),
                                 packed.size()));

  const int64_t elements = s.n * s.size * s.size * s.in;
  const Floats floats(variant.x.bits == 32 ? elements : 1);
  const Block codes(variant.x.bits == 8 ? static_cast<size_t>(elements) : 1);
  TypedTensor x(variant.x.bits == 32 ? static_cast<void*>(floats.data()) : codes.data(), {s.n, s.size, s.size, s.in},
                variant.x);
  int64_t strides[4] = {s.size * s.size * s.in, s.size, 1, s.size * s.size};
  if (variant.channels_first) x.get()->strides = strides;
  float step = 0.01f, out_step = 0.5f;
  Tensor step_tensor(&step, {});
  Tensor out_step_tensor(&out_step, {});
  const octet_grid x_grid = CodeGrid(&step_tensor, variant.x);
  const octet_grid out_grid = CodeGrid(&out_step_tensor, variant.out);
  const Block out(static_cast<size_t>(s.m() * s.out) * 4);
  TypedTensor out_tensor(out.data(), {s.n, s.out_size(), s.out_size(), s.out}, variant.out);
  octet_epilogue epilogue = {};
  epilogue.bias = bias_tensor.get();
  epilogue.activation = OCTET_ACTIVATION_RELU;
  if (variant.out.bits == 8) epilogue.out_grid = &out_grid;
  Check(state, octet_conv2d_workspace_size(x.get(), packed.data(), packed.size(), &bytes));
  const Block workspace(bytes);
  for (auto _ : state) {
    if (!Check(state, octet_conv2d(x.get(), &x_grid, packed.data(), packed.size(), &epilogue, out_tensor.get(),
                                   workspace.data(), workspace.size(), nullptr))) {
      break;
    }
  }
  SetGops(state, 2.0 * static_cast<double>(s.m()) * static_cast<double>(s.out) * static_cast<double>(s.k()));
  if (s.groups > 1) {
    const int64_t read = elements * variant.x.bits / 8;
    const int64_t written = s.m() * s.out * variant.out.bits / 8;
    state.SetBytesProcessed(state.iterations() * (read + written));
  }
}

/** The matrix product of codes that a convolution would be if its patches lay in memory. */
void EqualGemm(benchmark::State& state) {
  const Shape s(state);
  SetThreads(state, state.range(7));
  const int64_t m = s.m(), n = s.out, k = s.k();
  const Block weights(static_cast<size_t>(n * k));
  TypedTensor weight_tensor(weights.data(), {n, k}, kS8);
  std::vector<float> bias(static_cast<size_t>(n), 0.5f);
  Tensor bias_tensor(bias.data(), {n});
  float step = 0.01f, out_step = 0.5f;
  Tensor step_tensor(&step, {});
  Tensor out_step_tensor(&out_step, {});
  const octet_grid s8_grid = CodeGrid(&step_tensor, kS8);
  const octet_grid u8_grid = CodeGrid(&step_tensor, kU8);
  const octet_grid out_grid = CodeGrid(&out_step_tensor, kU8);
  size_t bytes = 0;
  Check(state, octet_gemm_pack_size(weight_tensor.get(), OCTET_WEIGHTS_8_BIT, &bytes));
  const Block packed(bytes);
  Check(state, octet_gemm_pack(weight_tensor.get(), &s8_grid, OCTET_WEIGHTS_8_BIT, packed.data(), packed.size()));
  const Block codes(static_cast<size_t>(m * k));
  TypedTensor a(codes.data(), {m, k}, kU8);
  const Block out(static_cast<size_t>(m * n));
  TypedTensor out_tensor(out.data(), {m, n}, kU8);
  octet_epilogue epilogue = {};
  epilogue.bias = bias_tensor.get();
  epilogue.activation = OCTET_ACTIVATION_RELU;
  epilogue.out_grid = &out_grid;
  Check(state, octet_gemm_workspace_size(a.get(), packed.data(), packed.size(), &bytes));
  const Block workspace(bytes);
  for (auto _ : state) {
    if (!Check(state, octet_gemm(a.get(), &u8_grid, packed.data(), packed.size(), &epilogue, out_tensor.get(),
                                 workspace.data(), workspace.size(), nullptr))) {
      break;
    }
  }
  SetGops(state, 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k));
}

void Named(benchmark::internal::Benchmark* benchmark) {
  benchmark->UseRealTime()->ArgNames({"n", "size", "in", "out", "kernel", "stride", "groups", "threads"});
}

/** The layers of ResNet-18. */
void ResNet(benchmark::internal::Benchmark* benchmark) {
  Named(benchmark);
  for (int64_t threads : {1, 2}) {
    for (int64_t n : {1, 8}) {
      benchmark->Args({n, 56, 64, 64, 3, 1, 1, threads})->Args({n, 28, 128, 128, 3, 1, 1, threads});
      benchmark->Args({n, 14, 256, 256, 3, 1, 1, threads})->Args({n, 7, 512, 512, 3, 1, 1, threads});
      benchmark->Args({n, 56, 64, 128, 3, 2, 1, threads})->Args({n, 56, 64, 128, 1, 2, 1, threads});
      benchmark->Args({n, 56, 64, 256, 1, 1, 1, threads})->Args({n, 56, 256, 64, 1, 1, 1, threads});
      benchmark->Args({n, 224, 3, 64, 7, 2, 1, threads});
    }
  }
}

/** First layers, which read what a user has. */
void First(benchmark::internal::Benchmark* benchmark) {
  Named(benchmark);
  for (int64_t threads : {1, 2}) {
    benchmark->Args({1, 224, 3, 64, 7, 2, 1, threads})->Args({1, 56, 64, 64, 3, 1, 1, threads});
    benchmark->Args({1, 224, 3, 32, 3, 2, 1, threads});
  }
}

/** Layers of MobileNets and of ResNeXt. */
void Groups(benchmark::internal::Benchmark* benchmark) {
  Named(benchmark);
  for (int64_t threads : {1, 2}) {
    benchmark->Args({1, 56, 144, 144, 3, 1, 144, threads});
    benchmark->Args({1, 112, 32, 32, 3, 1, 32, threads})->Args({1, 56, 128, 128, 3, 1, 128, threads});
    benchmark->Args({1, 56, 128, 128, 3, 2, 128, threads})->Args({8, 14, 512, 512, 3, 1, 512, threads});
    benchmark->Args({1, 56, 128, 128, 5, 1, 128, threads})->Args({1, 56, 128, 128, 3, 1, 32, threads});
    benchmark->Args({1, 28, 256, 256, 3, 1, 32, threads})->Args({1, 14, 512, 512, 3, 1, 32, threads});
    benchmark->Args({1, 7, 1024, 1024, 3, 1, 32, threads})->Args({1, 56, 256, 256, 3, 2, 32, threads});
    benchmark->Args({8, 56, 128, 128, 3, 1, 32, threads})->Args({8, 28, 256, 256, 3, 1, 32, threads});
  }
}

/** Layers of MobileNetV2, of a kind each where images are large. */
void MobileNet(benchmark::internal::Benchmark* benchmark) {
  Named(benchmark);
  for (int64_t threads : {1, 2}) {
    benchmark->Args({1, 112, 32, 32, 3, 1, 32, threads})->Args({1, 112, 32, 16, 1, 1, 1, threads});
    benchmark->Args({1, 112, 16, 96, 1, 1, 1, threads})->Args({1, 112, 96, 96, 3, 2, 96, threads});
    benchmark->Args({1, 56, 96, 24, 1, 1, 1, threads})->Args({1, 56, 24, 144, 1, 1, 1, threads});
    benchmark->Args({1, 56, 144, 144, 3, 1, 144, threads})->Args({1, 56, 144, 144, 3, 2, 144, threads});
    benchmark->Args({1, 28, 192, 32, 1, 1, 1, threads})->Args({1, 28, 32, 192, 1, 1, 1, threads});
    benchmark->Args({1, 14, 384, 384, 3, 1, 384, threads})->Args({1, 14, 384, 64, 1, 1, 1, threads});
    benchmark->Args({1, 14, 64, 384, 1, 1, 1, threads})->Args({1, 14, 576, 96, 1, 1, 1, threads});
    benchmark->Args({1, 7, 960, 960, 3, 1, 960, threads})->Args({1, 7, 160, 960, 1, 1, 1, threads});
    benchmark->Args({1, 7, 960, 160, 1, 1, 1, threads})->Args({1, 7, 320, 1280, 1, 1, 1, threads});
  }
}

/** Depthwise layers with larger kernels: EfficientNet, MobileNetV3, ConvNeXt. */
void WideDepthwise(benchmark::internal::Benchmark* benchmark) {
  Named(benchmark);
  for (int64_t threads : {1, 2}) {
    benchmark->Args({1, 28, 240, 240, 5, 1, 240, threads})->Args({1, 56, 144, 144, 5, 2, 144, threads});
    benchmark->Args({1, 14, 672, 672, 5, 2, 672, threads})->Args({1, 56, 96, 96, 7, 1, 96, threads});
    benchmark->Args({1, 28, 192, 192, 7, 1, 192, threads})->Args({1, 7, 768, 768, 7, 1, 768, threads});
  }
}

BENCHMARK(EqualGemm)->Apply(ResNet);
BENCHMARK_CAPTURE(Conv2d, u8_u8, Variant{kU8, kU8, false})->Apply(ResNet);
BENCHMARK_CAPTURE(Conv2d, s8_f32, Variant{kS8, kF32, false})->Apply(ResNet);
BENCHMARK_CAPTURE(Conv2d, f32_u8, Variant{kF32, kU8, false})->Apply(First);
BENCHMARK_CAPTURE(Conv2d, f32_channels_first_u8, Variant{kF32, kU8, true})->Apply(First);
BENCHMARK_CAPTURE(Conv2d, u8_u8_groups, Variant{kU8, kU8, false})->Apply(Groups);
BENCHMARK_CAPTURE(Conv2d, u8_u8_mobilenet, Variant{kU8, kU8, false})->Apply(MobileNet);
BENCHMARK_CAPTURE(Conv2d, u8_u8_depthwise, Variant{kU8, kU8, false})->Apply(WideDepthwise);
BENCHMARK_CAPTURE(Conv2d, s8_f32_groups, Variant{kS8, kF32, false})->Apply(Groups);

}  // namespace
}  // namespace bench
}  // namespace octet
