// SPDX-License-Identifier: Apache-2.0
#include "tensors.h"

#include <algorithm>
#include <cstring>

namespace octet {
namespace bench {
namespace {

int64_t Product(const std::vector<int64_t>& sizes) {
  int64_t product = 1;
  for (int64_t size : sizes) product *= size;
  return product;
}

/** Of a float: its exponent is one of the five below that of 1, its sign and mantissa are any. */
uint32_t FloatBits(uint32_t random, int mantissa_bits, uint32_t exponent_of_one, int bits) {
  const uint32_t exponent = exponent_of_one - 1 - (random >> 16) % 5;
  const uint32_t mantissa = random & ((1u << mantissa_bits) - 1);
  return (random >> 31) << (bits - 1) | exponent << mantissa_bits | mantissa;
}

uint32_t Bits(DLDataType type, uint32_t random) {
  if (type.code == kDLBool) return random >> 31;
  if (type.code == kDLBfloat) return FloatBits(random, 7, 127, 16);
  if (type.code == kDLFloat) return type.bits == 16 ? FloatBits(random, 10, 15, 16) : FloatBits(random, 23, 127, 32);
  return random >> 16;
}

}  // namespace

std::string NameOf(DLDataType type) {
  switch (type.code) {
    case kDLInt:
      return "s" + std::to_string(type.bits);
    case kDLUInt:
      return "u" + std::to_string(type.bits);
    case kDLBfloat:
      return "bf16";
    case kDLBool:
      return "bool";
    default:
      return "f" + std::to_string(type.bits);
  }
}

std::string ShapeText(const std::vector<int64_t>& sizes) {
  std::string text;
  for (int64_t size : sizes) text += (text.empty() ? "" : "x") + std::to_string(size);
  return text;
}

Memory::Memory(size_t bytes) : bytes_(bytes) {
  BENCH_CHECK(cudaMalloc(&data_, std::max<size_t>(bytes, 1)));
  BENCH_CHECK(cudaMemset(data_, 0, bytes));
}

std::vector<char> Numbers(DLDataType type, size_t bytes) {
  std::vector<char> numbers(bytes);
  const size_t size = std::min<size_t>(type.bits / 8, 4);
  uint64_t state = 1;
  for (size_t at = 0; at + size <= bytes; at += size) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const uint32_t bits = Bits(type, static_cast<uint32_t>(state >> 32));
    std::memcpy(&numbers[at], &bits, size);
  }
  return numbers;
}

Tensor::Tensor(DLDataType type, const std::vector<int64_t>& shape)
    : elements_(Product(shape)), memory_(static_cast<size_t>(elements_) * type.bits / 8), shape_(shape) {
  tensor_ = {memory_.data(), kDevice, static_cast<int32_t>(shape_.size()), type, shape_.data(), nullptr, 0};
  const std::vector<char> numbers = Numbers(type, std::min<size_t>(memory_.bytes(), size_t{1} << 20));
  const auto to = static_cast<char*>(memory_.data());
  BENCH_CHECK(cudaMemcpy(to, numbers.data(), numbers.size(), cudaMemcpyHostToDevice));
  for (size_t done = numbers.size(); done < memory_.bytes(); done *= 2) {
    BENCH_CHECK(cudaMemcpy(to + done, to, std::min(done, memory_.bytes() - done), cudaMemcpyDeviceToDevice));
  }
}

Tensor::Tensor(DLDataType type, const std::vector<int64_t>& shape, const void* elements)
    : elements_(Product(shape)), memory_(static_cast<size_t>(elements_) * type.bits / 8), shape_(shape) {
  tensor_ = {memory_.data(), kDevice, static_cast<int32_t>(shape_.size()), type, shape_.data(), nullptr, 0};
  BENCH_CHECK(cudaMemcpy(memory_.data(), elements, memory_.bytes(), cudaMemcpyHostToDevice));
}

void Tensor::View(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides) {
  shape_ = shape;
  strides_ = strides;
  tensor_.ndim = static_cast<int32_t>(shape_.size());
  tensor_.shape = shape_.data();
  tensor_.strides = strides_.data();
}

Grid::Grid(DLDataType type, float delta) : delta_(delta) {
  const bool is_unsigned = type.code == kDLUInt;
  tensor_ = {&delta_, kHost, 0, kF32, nullptr, nullptr, 0};
  grid_ = {&tensor_, nullptr, is_unsigned ? 0.0f : -128.0f, is_unsigned ? 255.0f : 127.0f, OCTET_SCALE_LINEAR,
           1e-8f,    -1};
}

DeviceGrid::DeviceGrid(bool is_signed, int32_t axis, int64_t count)
    : delta_(kF32, {count}, std::vector<float>(static_cast<size_t>(count), 2.0f / 255.0f).data()),
      zero_(kF32, {count}, std::vector<float>(static_cast<size_t>(count), is_signed ? -0.5f : 127.5f).data()) {
  grid_ = {delta_.dl(), zero_.dl(), is_signed ? -128.0f : 0.0f, is_signed ? 127.0f : 255.0f, OCTET_SCALE_LINEAR,
           1e-8f,       axis};
}

}  // namespace bench
}  // namespace octet
