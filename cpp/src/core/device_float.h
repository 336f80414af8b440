// SPDX-License-Identifier: Apache-2.0
// Packed weights of floats on a CUDA device: a block in its memory and a handle in the host's, as in device_gemm.h. The
// block is [N][stride] f32: a column's weights along K, filled up with -0 to a multiple of kDeviceFloatDepth: products
// of +0 by -0 leave every sum as it is.
#ifndef OCTET_CORE_DEVICE_FLOAT_H_
#define OCTET_CORE_DEVICE_FLOAT_H_

#include <cstdint>

#include "core/device_gemm.h"

namespace octet {

constexpr int64_t kDeviceFloatDepth = 16;

struct DeviceFloatHandle {
  char magic[8];
  uint32_t version;
  int32_t device;
  int64_t n;
  int64_t k;
  /** The address of the block. */
  uint64_t block;
  int64_t unused[3];
};
static_assert(sizeof(DeviceFloatHandle) == 64, "what OCTET_GEMM_DEVICE_HANDLE_BYTES says");

constexpr char kDeviceFloatMagic[8] = {'o', 'c', 't', 'g', 'e', 'm', 'g', '\0'};

/** Checked weights on a device. */
struct DeviceFloat {
  int64_t n = 0;
  int64_t k = 0;
  const float* data = nullptr;

  /** Floats of a row. */
  int64_t stride() const { return RoundUp(k, kDeviceFloatDepth); }
  int64_t bytes() const { return RoundUp(n * stride() * 4, 256); }
};

/** A right operand [k, n] on a device: one of the two. */
struct DeviceFloatWeights {
  const DeviceFloat* floats = nullptr;
  const DeviceGemm* codes = nullptr;

  int64_t n() const { return floats != nullptr ? floats->n : codes->n; }
  int64_t k() const { return floats != nullptr ? floats->k : codes->k; }
};

}  // namespace octet

#endif  // OCTET_CORE_DEVICE_FLOAT_H_
