// SPDX-License-Identifier: Apache-2.0
// cuBLASLt's product of s8 matrices, found at run time: the build needs neither its headers nor the library.
#ifndef OCTET_BENCH_CUBLASLT_H_
#define OCTET_BENCH_CUBLASLT_H_

#include <cuda_runtime_api.h>

#include <cstdint>

namespace octet {
namespace bench {

/** out [m, n] s8 = round(alpha * a [m, k] * w [n, k]^T), all in rows without gaps. Not on sm_75's kernels for layouts
 * of their own: plain rows, as the product beside it has. */
class CublasLt {
 public:
  CublasLt();
  ~CublasLt();
  CublasLt(const CublasLt&) = delete;

  /** Why there is nothing to compare with; null if there is. */
  const char* missing() const { return missing_; }

  /** Chooses a kernel; false if the library has none for the shape. */
  bool Plan(int64_t m, int64_t n, int64_t k);
  void Run(float alpha, const void* a, const void* w, void* out, cudaStream_t stream);

 private:
  struct Functions;
  struct State;
  Functions* functions_ = nullptr;
  State* state_ = nullptr;
  const char* missing_ = nullptr;
};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUBLASLT_H_
