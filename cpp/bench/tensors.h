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

/** Stops the benchmark with the library's words unless the call went well. */
inline bool Check(benchmark::State& state, octet_status status) {
  if (status == OCTET_OK) return true;
  state.SkipWithError(octet_last_error());
  return false;
}

inline void SetThreads(benchmark::State& state, int64_t threads) {
  Check(state, octet_set_num_threads(static_cast<int32_t>(threads)));
}

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_TENSORS_H_
