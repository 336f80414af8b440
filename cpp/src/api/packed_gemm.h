// SPDX-License-Identifier: Apache-2.0
// Checks of blocks of packed weights.
#ifndef OCTET_API_PACKED_GEMM_H_
#define OCTET_API_PACKED_GEMM_H_

#include "api/check.h"
#include "core/packed_gemm.h"

namespace octet {
namespace api {

/** The most columns of weights: sections' sizes stay far from overflow. */
constexpr int64_t kMostGemmColumns = INT32_MAX;

/** Reads a block made by octet_gemm_pack. bytes: out, its size. */
octet_status ReadPackedGemm(const Checker& check, const void* packed, size_t packed_bytes, PackedGemm* result,
                            int64_t* bytes);

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_PACKED_GEMM_H_
