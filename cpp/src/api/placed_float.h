// SPDX-License-Identifier: Apache-2.0
// Packed weights of a product of floats, wherever and whatever they are: blocks of the host and handles of blocks on a
// device, of floats (core/packed_float.h, core/device_float.h) or of codes (api/placed_gemm.h).
#ifndef OCTET_API_PLACED_FLOAT_H_
#define OCTET_API_PLACED_FLOAT_H_

#include "api/placed_gemm.h"
#include "core/device_float.h"
#include "core/packed_float.h"

namespace octet {
namespace api {

struct PlacedFloat {
  int64_t n = 0;
  int64_t k = 0;
  bool on_device = false;
  /** If on_device. */
  int32_t device_id = -1;
  bool has_codes = false;
  /** If has_codes. */
  PlacedGemm codes;
  /** Else one of the two. */
  FloatPanels on_host;
  DeviceFloat device;

  DeviceFloatWeights OnDevice() const;
};

/** Limits of N and K, with which sizes of blocks stay far from overflow. */
bool FloatWeightsFit(int64_t n, int64_t k);

/** Bytes of a packed block of floats. */
int64_t PackedFloatBytes(int64_t n, int64_t k);

octet_status ReadPlacedFloat(const Checker& check, const void* packed, size_t packed_bytes, PlacedFloat* result);

/** Fails unless weights and the tensors checked so far are in the same memory. */
octet_status SamePlace(const Checker& check, const PlacedFloat& weights);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PLACED_FLOAT_H_
