// SPDX-License-Identifier: Apache-2.0
#include "weights.h"

namespace octet {
namespace bench {
namespace {

/** Values of the host, of a number of bits, with a scale for each of so many channels. */
struct HostWeights {
  HostWeights(std::vector<int64_t> sizes, int64_t channels, int bits)
      : shape(std::move(sizes)), count(channels), scales(static_cast<size_t>(channels), 0.01f) {
    int64_t elements = 1;
    for (const int64_t size : shape) elements *= size;
    const DLDataType type = bits == 32 ? kF32 : kS8;
    values = Numbers(type, static_cast<size_t>(elements) * type.bits / 8);
    if (bits == 4) {
      // -8..7.
      for (char& value : values) value = static_cast<char>(static_cast<signed char>(value) >> 4);
    }
    tensor = {values.data(), kHost, static_cast<int32_t>(shape.size()), type, shape.data(), nullptr, 0};
    delta = {scales.data(), kHost, 1, kF32, &count, nullptr, 0};
    const float most = bits == 4 ? 7.0f : 127.0f;
    grid = {&delta, nullptr, -most - 1.0f, most, OCTET_SCALE_LINEAR, 1e-8f, 0};
    format = bits == 4 ? OCTET_WEIGHTS_4_BIT : OCTET_WEIGHTS_8_BIT;
  }
  HostWeights(const HostWeights&) = delete;

  std::vector<int64_t> shape;
  int64_t count;
  std::vector<float> scales;
  std::vector<char> values;
  DLTensor tensor;
  DLTensor delta;
  octet_grid grid;
  octet_weight_format format;
};

}  // namespace

void Weights::Place(const Placing& placing) {
  size_t bytes = 0;
  BENCH_CHECK(placing.pack_size(&bytes));
  std::vector<Line> packed(bytes / sizeof(Line) + 1);
  BENCH_CHECK(placing.pack(packed.data(), bytes));
  size_t block_bytes = 0;
  BENCH_CHECK(placing.device_size(packed.data(), bytes, &block_bytes));
  block_ = std::make_unique<Memory>(block_bytes);
  BENCH_CHECK(placing.to_device(packed.data(), bytes, 0, block_->data(), block_bytes, handle_, nullptr));
}

GemmWeights::GemmWeights(int64_t n, int64_t k, int bits) {
  const HostWeights weights({n, k}, n, bits);
  const DLTensor* const tensor = &weights.tensor;
  if (bits == 32) {
    Place({[&](size_t* bytes) { return octet_gemm_float_pack_size(tensor, bytes); },
           [&](void* packed, size_t bytes) { return octet_gemm_float_pack(tensor, packed, bytes); },
           octet_gemm_float_device_size, octet_gemm_float_to_device});
    return;
  }
  Place({[&](size_t* bytes) { return octet_gemm_pack_size(tensor, weights.format, bytes); },
         [&](void* packed, size_t bytes) {
           return octet_gemm_pack(tensor, &weights.grid, weights.format, packed, bytes);
         },
         octet_gemm_device_size, octet_gemm_to_device});
}

GroupedWeights::GroupedWeights(int64_t groups, int64_t n, int64_t k, int bits) {
  const HostWeights weights({groups, n, k}, groups * n, bits);
  const DLTensor* const tensor = &weights.tensor;
  Place({[&](size_t* bytes) { return octet_gemm_grouped_pack_size(tensor, weights.format, bytes); },
         [&](void* packed, size_t bytes) {
           return octet_gemm_grouped_pack(tensor, &weights.grid, weights.format, packed, bytes);
         },
         octet_gemm_grouped_device_size, octet_gemm_grouped_to_device});
}

Filters::Filters(int64_t out, int64_t in, int64_t kernel, const octet_conv2d_params& params, int bits) {
  const HostWeights weights({out, in / params.groups, kernel, kernel}, out, bits);
  const DLTensor* const tensor = &weights.tensor;
  if (bits == 32) {
    Place({[&](size_t* bytes) { return octet_conv2d_float_pack_size(tensor, &params, bytes); },
           [&](void* packed, size_t bytes) { return octet_conv2d_float_pack(tensor, nullptr, &params, packed, bytes); },
           octet_conv2d_float_device_size, octet_conv2d_float_to_device});
    return;
  }
  Place({[&](size_t* bytes) { return octet_conv2d_pack_size(tensor, &params, weights.format, bytes); },
         [&](void* packed, size_t bytes) {
           return octet_conv2d_pack(tensor, &weights.grid, &params, weights.format, packed, bytes);
         },
         octet_conv2d_device_size, octet_conv2d_to_device});
}

}  // namespace bench
}  // namespace octet
