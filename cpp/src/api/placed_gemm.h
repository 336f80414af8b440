// SPDX-License-Identifier: Apache-2.0
// Packed weights of a matrix product, wherever they are: blocks of the host (api/packed_gemm.h) and handles of blocks
// on a device (core/device_gemm.h).
#ifndef OCTET_API_PLACED_GEMM_H_
#define OCTET_API_PLACED_GEMM_H_

#include "api/check.h"
#include "core/device_gemm.h"
#include "core/packed_gemm.h"

namespace octet {
namespace api {

/** Packed weights in memory of the host, or their handle. */
struct PlacedGemm {
  int64_t n;
  int64_t k;
  /** Of a code as it was packed. */
  int bits;
  bool has_zero_points;
  int64_t bytes;
  bool on_device;
  /** If on_device. */
  int32_t device_id;
  PackedGemm on_host;
  DeviceGemm device;
};

octet_status ReadPlacedGemm(const Checker& check, const void* packed, size_t packed_bytes, PlacedGemm* result);

/** Fails unless weights and the tensors checked so far are in the same memory. */
octet_status SamePlace(const Checker& check, const PlacedGemm& weights);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PLACED_GEMM_H_
