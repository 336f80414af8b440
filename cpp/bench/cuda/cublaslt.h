// SPDX-License-Identifier: Apache-2.0
// cuBLASLt's matrix products, found at run time: the build needs neither its headers nor the library.
#ifndef OCTET_BENCH_CUDA_CUBLASLT_H_
#define OCTET_BENCH_CUDA_CUBLASLT_H_

#include <cstdint>
#include <memory>

#include "timing.h"

namespace octet {
namespace bench {

/** What is multiplied, and where to: with integers summed up in integers, floats in f32 on tensor cores. */
enum class LtTypes { kS8ToS8, kS8ToS32, kF16 };

/** Of the elements of a and w, and of out. */
DLDataType LtInput(LtTypes types);
DLDataType LtOutput(LtTypes types);

/** "cuBLASLt s8-s32", for example. */
const char* LtName(LtTypes types);

/** out [m, n] = a [m, k] * w [n, k]^T, `count` times, all in rows without gaps. */
struct LtProduct {
  LtTypes types;
  int64_t m, n, k;
  int64_t count = 1;
};

class CublasLt {
 public:
  /** A product with the kernel chosen. */
  class Plan;

  CublasLt();
  ~CublasLt();
  CublasLt(const CublasLt&) = delete;

  /** Why there is nothing to compare with; null if there is. */
  const char* missing() const { return missing_; }

  /** Chooses the fastest of the kernels that the heuristics name, on these operands. Throws if there is none. */
  std::unique_ptr<Plan> Choose(const LtProduct& product, const Timer& timer, const void* a, const void* w, void* out);

 private:
  struct Functions;
  std::unique_ptr<Functions> functions_;
  void* handle_ = nullptr;
  std::unique_ptr<Memory> workspace_;
  const char* missing_ = nullptr;
};

class CublasLt::Plan {
 public:
  ~Plan();
  Plan(const Plan&) = delete;
  /** On the default stream. */
  void Run(const void* a, const void* w, void* out) const;

 private:
  friend class CublasLt;
  struct State;
  explicit Plan(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_CUBLASLT_H_
