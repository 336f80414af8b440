// SPDX-License-Identifier: Apache-2.0
#include "api/packed_gemm.h"

#include <cstring>

#include "api/error.h"
#include "api/weights.h"

namespace octet {
namespace api {
namespace {

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(OCTET_INVALID_ARGUMENT, "%s: packed %s; expected a block made by octet_gemm_pack of this version (%u)",
              check.function(), what, kPackedGemmVersion);
}

}  // namespace

octet_status ReadPackedGemm(const Checker& check, const void* packed, size_t packed_bytes, PackedGemm* result,
                            int64_t* bytes) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedGemmHeader header;
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kPackedGemmMagic, sizeof(header.magic)) != 0) {
    return BadPacked(check, "does not begin with a header");
  }
  if (header.version != kPackedGemmVersion) return BadPacked(check, "has another version");
  const bool known = (header.bits == 8 || header.bits == 4) && header.has_zero_points >= 0 &&
                     header.has_zero_points <= 1 && header.n >= 0 && header.n <= kMostGemmColumns && header.k >= 0;
  const int bits = static_cast<int>(header.bits);
  const bool has_zero_points = header.has_zero_points != 0;
  if (!known || header.k > MostProducts(bits, has_zero_points)) {
    return BadPacked(check, "has a header with impossible values");
  }
  const PackedGemmLayout layout = LayoutOf(header.n, header.k, bits, has_zero_points);
  if (header.bytes != layout.bytes) return BadPacked(check, "has a header with impossible values");
  if (packed_bytes < static_cast<size_t>(layout.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  *result = PackedGemmAt(static_cast<const char*>(packed), header.n, header.k, bits, has_zero_points);
  *bytes = layout.bytes;
  return OCTET_OK;
}

}  // namespace api
}  // namespace octet
