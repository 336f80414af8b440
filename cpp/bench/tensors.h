// SPDX-License-Identifier: Apache-2.0
// Tensors for benchmarks, and the loop around a call.
#ifndef OCTET_BENCH_TENSORS_H_
#define OCTET_BENCH_TENSORS_H_

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "octet/octet.h"

namespace octet {
namespace bench {

/** Aligned memory of floats between -1 and 1. */
class Floats {
 public:
  explicit Floats(int64_t count)
      : data_(static_cast<float*>(std::aligned_alloc(64, (static_cast<size_t>(count) * 4 + 63) / 64 * 64)), std::free) {
    uint32_t state = 12345;
    for (int64_t i = 0; i < count; ++i) {
      state = state * 1664525u + 1013904223u;
      data_.get()[i] = static_cast<float>(static_cast<int32_t>(state)) * 4.656613e-10f;
    }
  }
  float* data() const { return data_.get(); }

 private:
  std::unique_ptr<float, void (*)(void*)> data_;
};

/** A compact f32 tensor on given memory. */
class Tensor {
 public:
  Tensor(void* data, std::vector<int64_t> shape) : shape_(std::move(shape)) {
    tensor_ = {data, {kDLCPU, 0}, static_cast<int32_t>(shape_.size()), {kDLFloat, 32, 1}, shape_.data(), nullptr, 0};
  }
  Tensor(const Tensor&) = delete;
  DLTensor* get() { return &tensor_; }

 private:
  std::vector<int64_t> shape_;
  DLTensor tensor_;
};

/** Memory of a type, with numbers in it. */
class Block {
 public:
  explicit Block(size_t bytes)
      : size_((bytes + 63) / 64 * 64 + 64), data_(static_cast<char*>(std::aligned_alloc(64, size_)), std::free) {
    uint32_t state = 1;
    for (size_t i = 0; i < size_; ++i) {
      state = state * 1664525u + 1013904223u;
      data_.get()[i] = static_cast<char>(state >> 24);
    }
  }
  char* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  size_t size_;
  std::unique_ptr<char, void (*)(void*)> data_;
};

class TypedTensor {
 public:
  TypedTensor(void* data, std::vector<int64_t> shape, DLDataType type) : shape_(std::move(shape)) {
    tensor_ = {data, {kDLCPU, 0}, static_cast<int32_t>(shape_.size()), type, shape_.data(), nullptr, 0};
  }
  TypedTensor(const TypedTensor&) = delete;
  DLTensor* get() { return &tensor_; }

 private:
  std::vector<int64_t> shape_;
  DLTensor tensor_;
};

constexpr DLDataType kF32 = {kDLFloat, 32, 1};
constexpr DLDataType kS8 = {kDLInt, 8, 1};
constexpr DLDataType kU8 = {kDLUInt, 8, 1};

/** Stops the benchmark with the library's words unless the call went well. */
inline bool Check(benchmark::State& state, octet_status status) {
  if (status == OCTET_OK) return true;
  state.SkipWithError(octet_last_error());
  return false;
}

/** Operations of an iteration as a rate. */
inline void SetGops(benchmark::State& state, double operations) {
  state.counters["GOP/s"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

inline void SetThreads(benchmark::State& state, int64_t threads) {
  Check(state, octet_set_num_threads(static_cast<int32_t>(threads)));
}

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_TENSORS_H_
