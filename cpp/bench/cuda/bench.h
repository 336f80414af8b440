// SPDX-License-Identifier: Apache-2.0
// Rows of the benchmark: which are wanted, how they are measured, and what is said of them.
#ifndef OCTET_BENCH_CUDA_BENCH_H_
#define OCTET_BENCH_CUDA_BENCH_H_

#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cublaslt.h"
#include "device.h"
#include "options.h"

namespace octet {
namespace bench {

/** One array or the other. */
template <typename T>
struct Choice {
  const T* first;
  const T* last;
  const T* begin() const { return first; }
  const T* end() const { return last; }
};

/** What a row was compared with. */
struct Peer {
  std::string name;
  /** Microseconds; 0: none. */
  double time = 0.0;
  /** Why there is none. */
  std::string missing;
};

class Bench {
 public:
  /** To list rows: runs none. */
  explicit Bench(const Options& options);
  /** json: where lines go, or null. */
  Bench(const Options& options, const Device& device, const Timer& timer, CublasLt* lt, std::FILE* json);

  /**
   * Does a row, if it is wanted: body sets it up and calls Measure. Where anything in it throws the row has failed, and
   * others go on.
   *
   * @param family  the function of the C API, without "octet_".
   */
  void Row(const char* family, const std::string& row, const std::function<void()>& body);

  /** Times a call that does the work of the row. Without operations a copy of as many bytes is its peer. */
  void Measure(const Work& work, const std::function<void()>& call);

  /** Times cuBLASLt, where it is there, at the product that the row makes. */
  void CompareWithLt(const LtProduct& product);
  /** Likewise at products one after the other, of rows in groups, each with weights of its own. */
  void CompareWithLt(LtTypes types, const std::vector<int64_t>& groups, int64_t n, int64_t k);

  /** Shapes for devices, or those for emulators, whose time is short. */
  template <typename T, size_t kFull, size_t kSmall>
  Choice<T> Choose(const T (&full)[kFull], const T (&small)[kSmall]) const {
    return emulated_ ? Choice<T>{small, small + kSmall} : Choice<T>{full, full + kFull};
  }

  /** Rows done, failed ones among them. */
  int rows() const { return rows_; }
  int failures() const { return failures_; }
  /** After an error that leaves the device without use to the process. */
  bool lost() const { return lost_; }

  const Options& options() const { return options_; }

 private:
  bool Wants(const std::string& name) const;
  /** Does what fills in peer_.time, where cuBLASLt is there; the row stands without it. */
  void Compare(LtTypes types, const std::function<void()>& measure);
  void Print() const;
  void WriteJson(const char* family, const std::string& row, const std::string& error) const;

  const Options& options_;
  const Device* device_ = nullptr;
  const Timer* timer_ = nullptr;
  CublasLt* lt_ = nullptr;
  std::FILE* json_ = nullptr;
  bool emulated_ = false;
  int rows_ = 0;
  int failures_ = 0;
  bool lost_ = false;
  // Of the row.
  Work work_ = {};
  double time_ = 0.0;
  Peer peer_;
};

/** Parts of K or of keys, while it is there; 0: as the options say. */
class ForcedParts {
 public:
  ForcedParts(const Options& options, int32_t parts) : options_(options) { Force(parts == 0 ? options.parts : parts); }
  ~ForcedParts() {
    octet_gemm_force_kernel(0, options_.kernel.empty() ? nullptr : options_.kernel.c_str(), options_.parts);
  }
  ForcedParts(const ForcedParts&) = delete;

 private:
  void Force(int32_t parts) const {
    BENCH_CHECK(octet_gemm_force_kernel(0, options_.kernel.empty() ? nullptr : options_.kernel.c_str(), parts));
  }
  const Options& options_;
};

}  // namespace bench
}  // namespace octet

#endif  // OCTET_BENCH_CUDA_BENCH_H_
