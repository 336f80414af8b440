// SPDX-License-Identifier: Apache-2.0
// Tiles by AMX, whose TDPBUSD adds products of up to 16 rows of 64 u8 and 16 columns of 64 s8 to 16 x 16 s32 lanes,
// without saturation. Its right operand is 16 groups of four k by 16 columns, 64 bytes each: what panels hold as they
// are (core/packed_gemm.h). Activations are u8 in every instruction set, so that corrections are the same too.
//
// T is the instructions: those of the processor, or a model of them for tests. Tiles are numbered from 0 to 7.
//
//   Configure(shapes)             LDTILECFG
//   Release()                     TILERELEASE
//   Zero<t>()                     TILEZERO
//   Load<t>(from, stride)         TILELOADD: rows `stride` bytes apart
//   Store<t>(to, stride)          TILESTORED
//   Dot<c, a, b>()                TDPBUSD: adds products of u8 in a and s8 in b to c
//   CopyGroups(from, first, to)   64 bytes, the first `first` groups of four k as zeros, which are not read
//   Small()                       the kernels for what does not pay: GemmKernels
#ifndef OCTET_CPU_AMX_TILES_H_
#define OCTET_CPU_AMX_TILES_H_

#include <cstdint>

#include "core/packed_gemm.h"
#include "cpu/gemm_kernels.h"
#include "cpu/gemm_rows.h"

namespace octet {
namespace cpu {

constexpr int kAmxTiles = 8;
constexpr int kAmxRows = 16;
constexpr int kAmxRowBytes = 64;

/** What LDTILECFG reads: bytes of a row and rows of every tile. */
struct alignas(64) AmxShapes {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  /** Of 16 tiles, of which this palette has 8. */
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};
static_assert(sizeof(AmxShapes) == 64, "as the processor reads it");

template <typename T>
class AmxTiles {
 public:
  static constexpr int kMaxRows = 2 * kAmxRows;

  static void Run(const GemmTile& tile) {
    const Steps steps(tile.groups);
    if (!Pays(tile, steps)) {
      RunSmall(tile);
      return;
    }
    Configure(tile.rows < kAmxRows ? tile.rows : kAmxRows, static_cast<int>(steps.groups));
    const bool whole_panel = tile.columns == kPanelColumns;
    if (tile.rows > kAmxRows) {
      whole_panel ? Block<2, 2>::Run(tile, steps) : Block<2, 1>::Run(tile, steps);
    } else {
      whole_panel ? Block<1, 2>::Run(tile, steps) : Block<1, 1>::Run(tile, steps);
    }
  }

  /** Makes this thread's tiles unused, so that the system need not save them and nothing else runs slower for them. */
  static void Release() {
    if (configured_ == 0) return;
    T::Release();
    configured_ = 0;
  }

 private:
  // What a tile register holds.
  static constexpr int kSums = 0;
  static constexpr int kActivations = 4;
  static constexpr int kWeights = 6;
  // Bytes.
  static constexpr int64_t kSumsStride = kPanelColumns * int64_t{sizeof(int32_t)};

  // Not of parts.h: its functions are shared with translation units for lesser instruction sets.
  static constexpr int64_t Parts(int64_t count, int64_t most) { return (count + most - 1) / most; }

  /**
   * Groups of a run in steps of one size, for which tiles are configured: a tile of another shape would need its own
   * configuration, which makes all tiles 0. Where there is no such size of at most 16, steps have 16 groups and the
   * last one begins before the end of the step before: activations that have had their turn are 0 in it.
   */
  struct Steps {
    explicit Steps(int64_t all) : count(Parts(all, kAmxRows)) {
      if (count == 0) return;
      groups = all % count == 0 ? all / count : kAmxRows;
      again = count * groups - all;
    }

    int64_t count;
    int64_t groups = 0;
    /** Groups of the last step that were in the one before. */
    int64_t again = 0;
  };

  /**
   * Whether a tile is done in at most half the time that vpdpbusd takes. With 32 columns that is a cycle for a row and
   * a group (two instructions a cycle, 64 products each), and TDPBUSD takes 16 cycles, 32 for the rows of a tile
   * register. Around them, some hundred cycles: sums go through memory, and a product is used 52 cycles after it was
   * begun. All as is said of Sapphire Rapids, without a source; nothing of it was measured here. It leaves single
   * rows, and all tiles of less than four, to vpdpbusd: weights come as fast as memory gives them either way.
   */
  static bool Pays(const GemmTile& tile, const Steps& steps) {
    return tile.rows * steps.groups >= 64 * Parts(tile.rows, kAmxRows) && tile.rows * tile.groups * tile.runs >= 256;
  }

  static void RunSmall(const GemmTile& tile) {
    const GemmKernels& kernels = T::Small();
    const int64_t height = Parts(tile.rows, Parts(tile.rows, kernels.max_rows));
    GemmTile part = tile;
    for (int64_t begin = 0; begin < tile.rows; begin += height) {
      part.rows = static_cast<int>(height < tile.rows - begin ? height : tile.rows - begin);
      part.a = static_cast<const char*>(tile.a) + begin * tile.a_stride;
      part.sums = tile.sums + begin * kPanelColumns;
      kernels.tile(part);
      part.ahead_lines = 0;
    }
  }

  /** LDTILECFG takes some 200 cycles: it is left out where tiles of this thread have these shapes. */
  static void Configure(int rows, int groups) {
    const int wanted = rows << 8 | groups;
    if (configured_ == wanted) return;
    AmxShapes shapes;
    for (int t = 0; t < kAmxTiles; ++t) {
      shapes.rows[t] = static_cast<uint8_t>(t < kWeights ? rows : groups);
      shapes.row_bytes[t] = static_cast<uint16_t>(t < kActivations || t >= kWeights ? kAmxRowBytes : groups * kGroup);
    }
    T::Configure(shapes);
    configured_ = wanted;
  }

  /**
   * One or two registers of activations by one or two of weights. Rows 17 to 31 have two of 16 rows too, of which the
   * second begins within the first: some sums are made twice, and the same, and tiles of all these heights, which take
   * turns, have one configuration.
   */
  template <int kHigh, int kWide>
  struct Block {
    static constexpr int64_t kWeightsStride = kWide * kAmxRowBytes;

    static void Run(const GemmTile& tile, const Steps& steps) {
      const int64_t second = tile.rows - kAmxRows;
      ForEachSum([&](auto high, auto wide) {
        constexpr int kTile = kSums + 2 * decltype(high)::value + decltype(wide)::value;
        if (tile.add) {
          T::template Load<kTile>(SumsOf(tile, high() * second, wide()), kSumsStride);
        } else {
          T::template Zero<kTile>();
        }
      });
      const int64_t step_bytes = steps.groups * kGroup;
      const int64_t whole = steps.again == 0 ? steps.count : steps.count - 1;
      const int64_t a_stride = tile.a_stride;
      const int64_t second_bytes = second * a_stride;
      const int8_t* b = tile.b;
      const char* ahead = static_cast<const char*>(tile.ahead);
      const int64_t ahead_lines = tile.ahead_lines * (steps.groups / 4);
      for (int64_t run = 0; run < tile.runs; ++run) {
        const char* a = static_cast<const char*>(tile.a) + tile.run_offsets[run];
        for (int64_t step = 0; step < whole; ++step) {
          for (int64_t line = 0; line < ahead_lines; ++line, ahead += 64) {
            constexpr int kSecondLevelCache = 2;
            __builtin_prefetch(ahead, 0, kSecondLevelCache);
          }
          Multiply(a, a_stride, second_bytes, b);
          a += step_bytes;
          b += steps.groups * kWeightsStride;
        }
        if (steps.again != 0) {
          alignas(64) char rows[kMaxRows * kAmxRowBytes];
          a -= steps.again * kGroup;
          b -= steps.again * kWeightsStride;
          for (int r = 0; r < tile.rows; ++r) {
            T::CopyGroups(a + r * a_stride, static_cast<int>(steps.again), rows + r * kAmxRowBytes);
          }
          Multiply(rows, kAmxRowBytes, second * kAmxRowBytes, b);
          b += steps.groups * kWeightsStride;
        }
      }
      ForEachSum([&](auto high, auto wide) {
        constexpr int kTile = kSums + 2 * decltype(high)::value + decltype(wide)::value;
        T::template Store<kTile>(SumsOf(tile, high() * second, wide()), kSumsStride);
      });
    }

   private:
    static int32_t* SumsOf(const GemmTile& tile, int64_t row, int64_t half) {
      return tile.sums + row * kPanelColumns + half * kHalfPanel;
    }

    template <typename Body>
    static void ForEachSum(const Body& body) {
      Repeat<kHigh>([&](auto high) { Repeat<kWide>([&](auto wide) { body(high, wide); }); });
    }

    static void Multiply(const char* a, int64_t a_stride, int64_t second_bytes, const int8_t* b) {
      Repeat<kWide>([&](auto wide) {
        T::template Load<kWeights + decltype(wide)::value>(b + wide() * kAmxRowBytes, kWeightsStride);
      });
      Repeat<kHigh>([&](auto high) {
        constexpr int kHighTile = decltype(high)::value;
        T::template Load<kActivations + kHighTile>(a + high() * second_bytes, a_stride);
        Repeat<kWide>([&](auto wide) {
          constexpr int kWideTile = decltype(wide)::value;
          T::template Dot<kSums + 2 * kHighTile + kWideTile, kActivations + kHighTile, kWeights + kWideTile>();
        });
      });
    }
  };

  /** The shapes for which this thread's tiles are configured; 0: they are unused. */
  static thread_local int configured_;
};

template <typename T>
thread_local int AmxTiles<T>::configured_ = 0;

/** The kernels on T's instructions. */
template <typename T>
GemmKernels AmxKernelsOn() {
  GemmKernels kernels = T::Small();
  kernels.max_rows = AmxTiles<T>::kMaxRows;
  kernels.halves = false;
  kernels.tile = AmxTiles<T>::Run;
  kernels.release = AmxTiles<T>::Release;
  // Four times those of vpdpbusd: products take an eighth of the time, and what follows them as long as ever.
  kernels.item_products *= 4;
  kernels.whole_rows = kernels.max_rows;
  return kernels;
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_AMX_TILES_H_
