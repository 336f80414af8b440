// SPDX-License-Identifier: Apache-2.0
// What benchmarks do where a call fails: the row ends, with the reason in words.
#ifndef OCTET_BENCH_CUDA_CHECK_H_
#define OCTET_BENCH_CUDA_CHECK_H_

#include <cuda_runtime_api.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "octet/octet.h"

namespace octet {
namespace bench {

/** A call that failed, and why. */
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** The library's words, which name the function. */
inline void Check(octet_status status, const char*) {
  if (status != OCTET_OK) throw Failure(octet_last_error());
}

/** call: its text, of which the function's name is told. */
inline void Check(cudaError_t error, const char* call) {
  if (error == cudaSuccess) return;
  // So that the next call does not report it once more.
  cudaGetLastError();
  throw Failure(std::string(call, std::strcspn(call, "(")) + ": " + cudaGetErrorString(error));
}

#define BENCH_CHECK(call) ::octet::bench::Check((call), #call)

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_CHECK_H_
