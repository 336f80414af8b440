// SPDX-License-Identifier: Apache-2.0
// Weights of several groups in one block, and the rows that belong to each. Packed: a header of 64 bytes, then a block
// of packed_gemm.h for each group, all of the same size. On a CUDA device: a block of device_gemm.h for each group.
#ifndef OCTET_CORE_GROUPED_GEMM_H_
#define OCTET_CORE_GROUPED_GEMM_H_

#include <cstdint>
#include <cstring>

#include "core/device_gemm.h"
#include "core/packed_gemm.h"

namespace octet {

struct PackedGroupsHeader {
  char magic[8];
  uint32_t version;
  /** 8 or 4. */
  uint32_t bits;
  int64_t groups;
  int64_t n;
  int64_t k;
  /** Of any group: then all have some. */
  int64_t has_zero_points;
  /** All of them. */
  int64_t bytes;
  int64_t unused;
};
static_assert(sizeof(PackedGroupsHeader) == 64, "a section");

constexpr char kPackedGroupsMagic[8] = {'o', 'c', 't', 'g', 'r', 'p', 's', '\0'};
constexpr uint32_t kPackedGroupsVersion = 1;

struct DeviceGroupsHandle {
  char magic[8];
  uint32_t version;
  /** Of the codes as they were packed. */
  uint32_t bits;
  int64_t n;
  int64_t k;
  int64_t has_zero_points;
  int64_t groups;
  /** The address of the block. */
  uint64_t block;
  int32_t device;
  int32_t unused;
};
static_assert(sizeof(DeviceGroupsHandle) == 64, "what OCTET_GEMM_GROUPED_DEVICE_HANDLE_BYTES says");

constexpr char kDeviceGroupsMagic[8] = {'o', 'c', 't', 'g', 'r', 'p', 'd', '\0'};

/** The weights of every group in memory of the host. */
struct PackedGroups {
  const char* blocks = nullptr;
  int64_t count = 0;
  int64_t n = 0;
  int64_t k = 0;
  int bits = 8;
  bool has_zero_points = false;
  /** Of a block. */
  int64_t block_bytes = 0;

  PackedGemm At(int64_t group) const { return PackedGemmAt(blocks + group * block_bytes, n, k, bits, has_zero_points); }
};

/** The weights of every group on a device. */
struct DeviceGroups {
  DeviceGemm first;
  int64_t count = 0;
  /** From group to group. */
  int64_t block_bytes = 0;
};

/** The rows of each group: ends[g - 1] (0 for the first one) to ends[g]. */
struct RowGroups {
  /** In the memory of the rows. On the host they are known to rise from 0 to M, and may have any alignment. */
  const int32_t* ends = nullptr;
  int64_t count = 0;

  /** On the host. */
  int64_t End(int64_t group) const {
    int32_t end;
    std::memcpy(&end, ends + group, sizeof(end));
    return end;
  }
};

}  // namespace octet

#endif  // OCTET_CORE_GROUPED_GEMM_H_
