// SPDX-License-Identifier: Apache-2.0
// Packed weights on a CUDA device: a block in its memory and a handle in the host's, which calls are given in place of
// packed weights. So no call reads a header back from the device. Block, at multiples of 256 bytes:
//
//     scales        f32, one a column of the output
//     sums          s32, as in packed_gemm.h
//     zero points   s32, absent where all are 0
//     codes         [N][stride]: a column's codes along K, filled up with zeros to a multiple of 64 of them
//
// The first three are filled up with zeros to a multiple of kDeviceColumns. Rows of codes are what every kernel reads
// 16 bytes at a time: ldmatrix, the dp4a kernels, and TMA. Half bytes: of 32 codes byte i holds the codes of k = i in
// its lower and k = 16 + i in its upper half, as two's complement. Half bytes of more than kMostHalfByteDepth K lie
// there as bytes: see cuda/gemm/fragments.h.
#ifndef OCTET_CORE_DEVICE_GEMM_H_
#define OCTET_CORE_DEVICE_GEMM_H_

#include <cstdint>

#include "core/packed_gemm.h"

namespace octet {

constexpr int64_t kDeviceColumns = 256;
constexpr int64_t kDeviceDepth = 64;
constexpr int64_t kMostHalfByteDepth = 65793;

struct DeviceGemmHandle {
  char magic[8];
  uint32_t version;
  /** Of the codes as they were packed. */
  uint32_t bits;
  int64_t n;
  int64_t k;
  int64_t has_zero_points;
  /** Of the block. */
  int64_t bytes;
  /** The address of the block. */
  uint64_t block;
  int32_t device;
  int32_t unused;
};
static_assert(sizeof(DeviceGemmHandle) == 64, "what OCTET_GEMM_DEVICE_HANDLE_BYTES says");

constexpr char kDeviceGemmMagic[8] = {'o', 'c', 't', 'g', 'e', 'm', 'd', '\0'};

/** Bits of a code in the block. */
inline int DeviceBitsOf(int64_t k, int bits) { return k <= kMostHalfByteDepth ? bits : 8; }

/** Where the sections of a block lie: offsets in bytes. */
struct DeviceGemmLayout {
  int64_t scales;
  int64_t sums;
  /** 0 if absent. */
  int64_t zero_points;
  int64_t codes;
  /** Bytes of a row of codes. */
  int64_t stride;
  int64_t bytes;
};

/** bits: of a code in the block. */
inline DeviceGemmLayout DeviceLayoutOf(int64_t n, int64_t k, int bits, bool has_zero_points) {
  const int64_t columns = RoundUp(n, kDeviceColumns) * 4;
  DeviceGemmLayout layout;
  layout.scales = 0;
  layout.sums = columns;
  layout.zero_points = has_zero_points ? 2 * columns : 0;
  layout.codes = has_zero_points ? 3 * columns : 2 * columns;
  layout.stride = RoundUp(k, kDeviceDepth) * bits / 8;
  layout.bytes = RoundUp(layout.codes + n * layout.stride, 256);
  return layout;
}

/** Checked weights on a device; pointers are of its memory. */
struct DeviceGemm {
  int64_t n = 0;
  int64_t k = 0;
  /** Of a code in the block. */
  int bits = 8;
  const float* scales = nullptr;
  const int32_t* sums = nullptr;
  /** Null: all 0. */
  const int32_t* zero_points = nullptr;
  const int8_t* codes = nullptr;
  int64_t stride = 0;
};

inline DeviceGemm DeviceGemmAt(const char* block, int64_t n, int64_t k, int bits, bool has_zero_points) {
  const DeviceGemmLayout layout = DeviceLayoutOf(n, k, bits, has_zero_points);
  DeviceGemm view;
  view.n = n;
  view.k = k;
  view.bits = bits;
  view.scales = reinterpret_cast<const float*>(block + layout.scales);
  view.sums = reinterpret_cast<const int32_t*>(block + layout.sums);
  if (has_zero_points) view.zero_points = reinterpret_cast<const int32_t*>(block + layout.zero_points);
  view.codes = reinterpret_cast<const int8_t*>(block + layout.codes);
  view.stride = layout.stride;
  return view;
}

}  // namespace octet

#endif  // OCTET_CORE_DEVICE_GEMM_H_
