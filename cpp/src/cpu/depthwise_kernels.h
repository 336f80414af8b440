// SPDX-License-Identifier: Apache-2.0
// The integer part of depthwise convolutions, compiled once per instruction set: for each channel sums of products over
// taps. There is no matrix product in it: lanes are channels, and bytes of four taps are brought together in registers.
#ifndef OCTET_CPU_DEPTHWISE_KERNELS_H_
#define OCTET_CPU_DEPTHWISE_KERNELS_H_

#include <cstdint>

namespace octet {
namespace cpu {

/** Sums for pixels and the channels of one panel (core/packed_gemm.h, whose K are taps). */
struct DepthwiseTile {
  /** u8 codes of the first pixel's first tap. Up to 32 are read at each tap, whatever the number of channels. */
  const uint8_t* a = nullptr;
  /** Bytes from pixel to pixel. */
  int64_t a_stride = 0;
  int rows = 0;
  /** Groups of four taps, and the offset of each tap from a. */
  int64_t groups = 0;
  const int64_t* tap_offsets = nullptr;
  /** s8 [groups][columns][4]; taps that are none have weight 0, and any offset. */
  const int8_t* b = nullptr;
  /**
   * If not 0: the first `rolling_groups` groups are columns of a kernel, and group g + rolling of a pixel has the codes
   * of group g of the next pixel, as where pixels lie that many steps apart. Kernels may make use of it.
   */
  int rolling = 0;
  int64_t rolling_groups = 0;
  /** 16 or 32. */
  int columns = 0;
  /** [rows][kPanelColumns], aligned to 64; columns beyond the panel's are written too. */
  int32_t* sums = nullptr;
  /** Whether the products are added to sums or replace them. */
  bool add = false;
};

using DepthwiseKernel = void (*)(const DepthwiseTile& tile);

/**
 * Rolling columns that kernels keep in registers: three of up to four lines, and five with two more groups for a fifth
 * line. Others are groups of four lines all of which roll, up to so many.
 */
constexpr int64_t kRollingColumns = 3;
constexpr int64_t kMostRollingColumns = 5;
constexpr int64_t kMostRollingGroups = 7;
constexpr int64_t kMostManyRollingGroups = 40;

void ScalarDepthwise(const DepthwiseTile& tile);
#if defined(OCTET_HAVE_X86)
void Avx2Depthwise(const DepthwiseTile& tile);
void AvxVnniDepthwise(const DepthwiseTile& tile);
void Avx512VnniDepthwise(const DepthwiseTile& tile);
#endif

/** The kernel of the instruction set in use. */
DepthwiseKernel CurrentDepthwiseKernel();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_DEPTHWISE_KERNELS_H_
