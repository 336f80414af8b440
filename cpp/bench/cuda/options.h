// SPDX-License-Identifier: Apache-2.0
// The command line of octet_cuda_bench.
#ifndef OCTET_BENCH_CUDA_OPTIONS_H_
#define OCTET_BENCH_CUDA_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace octet {
namespace bench {

struct Options {
  /** Rows whose "family/row" has one of them in it; empty: all. */
  std::vector<std::string> filters;
  /** The file for JSON lines; empty: none. */
  std::string json;
  /** As octet_gemm_force_kernel takes them. */
  std::string kernel;
  int32_t parts = 0;
  /** Print names of rows alone. */
  bool list = false;
  /** liboctet_cuda.so; empty: where octet_cuda_load looks. */
  std::string library;
};

/** What main returns where it goes no further. */
constexpr int kBadArguments = 2;

/** Says on stderr what is wrong with the arguments, and how to call the program. Returns kBadArguments. */
int Refuse(const std::string& message);

/** Reads arguments. -1: go on; else what main returns. */
int ReadOptions(int count, char** arguments, Options* options);

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_OPTIONS_H_
