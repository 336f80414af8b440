// SPDX-License-Identifier: Apache-2.0
// Memory, tensors and grids of benchmarks on a CUDA device.
#ifndef OCTET_BENCH_CUDA_TENSORS_H_
#define OCTET_BENCH_CUDA_TENSORS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check.h"

namespace octet {
namespace bench {

constexpr DLDataType kS8 = {kDLInt, 8, 1};
constexpr DLDataType kU8 = {kDLUInt, 8, 1};
constexpr DLDataType kS32 = {kDLInt, 32, 1};
constexpr DLDataType kS64 = {kDLInt, 64, 1};
constexpr DLDataType kF16 = {kDLFloat, 16, 1};
constexpr DLDataType kBF16 = {kDLBfloat, 16, 1};
constexpr DLDataType kF32 = {kDLFloat, 32, 1};
constexpr DLDataType kBool = {kDLBool, 8, 1};
constexpr DLDevice kHost = {kDLCPU, 0};
constexpr DLDevice kDevice = {kDLCUDA, 0};

/** "bf16", for example. */
std::string NameOf(DLDataType type);

/** "4096x768", for example. */
std::string ShapeText(const std::vector<int64_t>& sizes);

/** Memory of the device, filled with zeros. */
class Memory {
 public:
  explicit Memory(size_t bytes);
  ~Memory() { cudaFree(data_); }
  Memory(const Memory&) = delete;
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_;
  void* data_ = nullptr;
};

/** 64-byte aligned memory of the host. */
struct alignas(64) Line {
  char bytes[64];
};

/** Numbers without a pattern: how many bits change is part of what a device's clock depends on. Any bytes of codes and
 * integers, 0 and 1 of bool, magnitudes between 1/32 and 1 of floats. */
std::vector<char> Numbers(DLDataType type, size_t bytes);

/** A compact tensor on the device. */
class Tensor {
 public:
  /** With numbers without a pattern, which repeat every MB. */
  Tensor(DLDataType type, const std::vector<int64_t>& shape);
  /** With given elements, of the host. */
  Tensor(DLDataType type, const std::vector<int64_t>& shape, const void* elements);
  Tensor(const Tensor&) = delete;

  DLTensor* dl() const { return &tensor_; }
  void* data() const { return memory_.data(); }
  int64_t elements() const { return elements_; }
  double bytes() const { return static_cast<double>(memory_.bytes()); }
  /** Seen with other strides and sizes, of as many elements. */
  void View(const std::vector<int64_t>& shape, const std::vector<int64_t>& strides);

 private:
  int64_t elements_;
  Memory memory_;
  std::vector<int64_t> shape_;
  std::vector<int64_t> strides_;
  mutable DLTensor tensor_;
};

/** The symmetric grid of a tensor of codes (u8: from 0 on), in host memory. */
class Grid {
 public:
  explicit Grid(DLDataType type, float delta = 0.01f);
  Grid(const Grid&) = delete;
  const octet_grid* get() const { return &grid_; }
  /** For tensors of a type: null for floats. */
  const octet_grid* For(DLDataType type) const { return type.bits == 8 ? &grid_ : nullptr; }

 private:
  float delta_;
  DLTensor tensor_;
  octet_grid grid_;
};

/** Asymmetric grids along an axis (-1: one for all), on the device, of 8 bits, for values between -1 and 1. */
class DeviceGrid {
 public:
  DeviceGrid(bool is_signed, int32_t axis, int64_t count);
  const octet_grid* get() const { return &grid_; }

 private:
  Tensor delta_;
  Tensor zero_;
  octet_grid grid_;
};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_TENSORS_H_
