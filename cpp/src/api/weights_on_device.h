// SPDX-License-Identifier: Apache-2.0
// What functions that bring packed weights to a CUDA device, or use them there, check alike.
#ifndef OCTET_API_WEIGHTS_ON_DEVICE_H_
#define OCTET_API_WEIGHTS_ON_DEVICE_H_

#include <cstddef>
#include <cstdint>

#include "api/check.h"

namespace octet {
namespace api {

/** Says that packed is a handle of weights on a device where a block made by pack_function is wanted. */
octet_status FailOnDevice(const Checker& check, int device, const char* pack_function);

/**
 * Checks that weights, which are on a device or not, are where the operand of a checked call is; to_device_function
 * brings them there.
 */
octet_status CheckSamePlace(const Checker& check, bool on_device, int device, const char* operand,
                            const char* to_device_function);

/** Memory that weights are brought to, and their handle's. */
struct WeightsPlace {
  int32_t device;
  void* block;
  size_t block_bytes;
  void* handle;
};

/** Checks a place for weights that take `needed` bytes, which size_function says. */
octet_status CheckWeightsPlace(const Checker& check, const WeightsPlace& place, size_t needed,
                               const char* size_function);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_WEIGHTS_ON_DEVICE_H_
