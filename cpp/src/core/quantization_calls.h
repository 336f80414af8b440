// SPDX-License-Identifier: Apache-2.0
// Checked arguments of fake quantization and range estimation, as backends take them.
#ifndef OCTET_CORE_QUANTIZATION_CALLS_H_
#define OCTET_CORE_QUANTIZATION_CALLS_H_

#include <cstdint>

#include "core/tensor_view.h"

namespace octet {

/** Null outputs are not wanted. */
struct FakeQuantizeGradients {
  const TensorView* x = nullptr;
  const TensorView* delta = nullptr;
  const TensorView* zero_float = nullptr;
};

/** Null outputs are not wanted. */
struct FakeQuantizePartialsOutputs {
  const TensorView* out = nullptr;
  const TensorView* d_x = nullptr;
  const TensorView* d_delta = nullptr;
  const TensorView* d_zero = nullptr;
};

struct RangeMseOptions {
  bool asymmetric;
  int32_t n_bits;
  bool log_domain;
  float eps;
};

struct GridFromRangeOptions {
  bool asymmetric;
  int32_t n_bits;
  bool log_domain;
  float eps;
};

}  // namespace octet

#endif  // OCTET_CORE_QUANTIZATION_CALLS_H_
