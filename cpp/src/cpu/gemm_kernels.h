// SPDX-License-Identifier: Apache-2.0
// The integer part of matrix products, compiled once per instruction set: sums of products of bytes for a tile of the
// output, and the small loops over bytes around them.
#ifndef OCTET_CPU_GEMM_KERNELS_H_
#define OCTET_CPU_GEMM_KERNELS_H_

#include <cstdint>

namespace octet {
namespace cpu {

/** Rows that a tile may have in any instruction set. */
constexpr int kMaxTileRows = 32;

/** Rows without gaps. */
constexpr int64_t kOneRun[1] = {0};

/** Sums for rows of activations and the columns of one panel (core/packed_gemm.h). */
struct GemmTile {
  /** u8, or s16 with the same values where GemmKernels::wide_activations. */
  const void* a = nullptr;
  /** Bytes from row to row. */
  int64_t a_stride = 0;
  /** 1 to GemmKernels::max_rows. */
  int rows = 0;
  /** Bytes from the first row to row rows / 2, where another such half of an even number begins; 0: rows go on. */
  int64_t second_half = 0;
  /** Groups of four k side by side. */
  int64_t groups = 0;
  /** Runs of that many groups: their offsets from a in bytes. Panels hold one after the other. */
  const int64_t* run_offsets = kOneRun;
  int64_t runs = 1;
  /** s8, aligned to 64. */
  const int8_t* b = nullptr;
  /** Columns of the panel: 16 or 32. */
  int columns = 0;
  /** [rows][kPanelColumns], aligned to 64. */
  int32_t* sums = nullptr;
  /** Whether the products are added to sums or replace them. */
  bool add = false;
  /** Memory that is wanted next, which kernels may fetch into the caches meanwhile: cache lines for four groups. */
  const void* ahead = nullptr;
  int64_t ahead_lines = 0;
};

/** Has tiles of one size fetch memory that is wanted after them: a share each. */
class FetchShares {
 public:
  FetchShares(const void* memory, int64_t bytes, const GemmTile& tile, int64_t tiles)
      : at_(static_cast<const char*>(memory)), steps_(tile.runs * (tile.groups / 4)), lines_(bytes / 64) {
    if (steps_ != 0) lines_a_step_ = (lines_ + steps_ * tiles - 1) / (steps_ * tiles);
  }

  void Next(GemmTile* tile) {
    if (steps_ * lines_a_step_ > lines_) lines_a_step_ = steps_ == 0 ? 0 : lines_ / steps_;
    tile->ahead = at_;
    tile->ahead_lines = lines_a_step_;
    lines_ -= steps_ * lines_a_step_;
    at_ += 64 * steps_ * lines_a_step_;
  }

 private:
  const char* at_;
  int64_t steps_;
  int64_t lines_;
  int64_t lines_a_step_ = 0;
};

struct GemmKernels {
  int max_rows;
  /** Whether kernels take tiles of two halves. */
  bool halves;
  bool wide_activations;
  void (*tile)(const GemmTile& tile);
  /** A tile of at most half_byte_rows rows (0: no such kernel) on half bytes as they are: groups are of eight k. */
  int half_byte_rows;
  void (*half_byte_tile)(const GemmTile& tile);
  /** s8 codes as u8, each 128 more. */
  void (*flip)(const uint8_t* from, uint8_t* to, int64_t count);
  void (*widen)(const uint8_t* from, int16_t* to, int64_t count);
  /** The sum of count < 2^23 elements. */
  int32_t (*sum)(const uint8_t* from, int64_t count);
  /** Half bytes to s8; columns * 4 bytes a group of eight k become two groups of four. */
  void (*unpack4)(const uint8_t* from, int64_t groups_of_eight, int columns, int8_t* to);
  /** Products that are worth a thread's time, some 10 microseconds. */
  int64_t item_products = int64_t{1} << 20;
  /** A tile of fewer rows takes as long, for the most part: products are cut at multiples of this. */
  int whole_rows = 1;
  /** Gives back what tiles hold of the thread, see GemmUse. Null: nothing. */
  void (*release)() = nullptr;
};

/** A thread's use of kernels. Every call of `tile` is within the life of one. */
class GemmUse {
 public:
  explicit GemmUse(const GemmKernels& kernels) : kernels_(kernels) {}
  ~GemmUse() {
    if (kernels_.release != nullptr) kernels_.release();
  }
  GemmUse(const GemmUse&) = delete;
  GemmUse& operator=(const GemmUse&) = delete;

 private:
  const GemmKernels& kernels_;
};

const GemmKernels& ScalarGemmKernels();
#if defined(OCTET_HAVE_X86)
const GemmKernels& Avx2GemmKernels();
const GemmKernels& Avx512GemmKernels();
const GemmKernels& AvxVnniGemmKernels();
const GemmKernels& Avx512VnniGemmKernels();
const GemmKernels& AmxGemmKernels();
#endif

/** The kernels of the instruction set in use. */
const GemmKernels& CurrentGemmKernels();

/**
 * For tests on machines without AMX: kernels, with static storage, that take the place of AmxGemmKernels, and that make
 * the instruction set available where AVX512-VNNI is. Null: none.
 */
void SetAmxStandIn(const GemmKernels* kernels);
const GemmKernels* AmxStandIn();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_KERNELS_H_
