// SPDX-License-Identifier: Apache-2.0
// Tiles of narrow_kernels.h in vectors. A vector has kBlocks blocks of four lanes, and all blocks the same activations:
// kUnit channels a lane, those of a group in kChannels / kUnit neighbouring lanes. Block b of vector v has the weights
// of output channel v + kVectors * b of each of these groups. D is an instruction set:
//
//   Vector                                     of weights, activations and sums
//   kBlocks, kUnit                             as above
//   kRegisters, kOtherRegisters                of vectors, and those that are not for sums and weights
//   Zero(), Load(p)                            aligned
//   Dot(sums, activations, weights)
//   DotAt(sums, activations, p)                the same with weights as an operand in memory, of sets of 16 registers
//   Spread(p)                                  4 * kUnit activations at p in every block
//   SpreadAt<times>(p, i)                      those at p + i * times; times is 1, 2, 4 or 8
//   Index, IndexOf(lanes, columns)             for Pick, from the place of each lane's weights: which four input
//                                              channels of the group, and which column
//   Pick(panel, columns, index)                weights of a tap from the panel's groups of four, of which lanes of two
//                                              channels take the upper half where their number is odd
//   Finish<channels>(sums, to)                 adds the parts of sums and stores these in the order of channels
#ifndef OCTET_CPU_NARROW_TILE_H_
#define OCTET_CPU_NARROW_TILE_H_

#include <cstdint>
#include <type_traits>

#include "core/packed_gemm.h"
#include "cpu/gemm_rows.h"
#include "cpu/narrow_kernels.h"

namespace octet {
namespace cpu {

/** Where the weights of a lane lie in a panel, from the first column that a vector has. */
struct NarrowLane {
  int32_t group_of_four;
  int32_t column;
};

template <typename D, int kChannels>
class NarrowVectors {
 public:
  static void Prepare(const int8_t* panel, int64_t taps, int columns, int8_t* to) {
    typename D::Index index[kVectors];
    for (int v = 0; v < kVectors; ++v) index[v] = IndexOf(v, columns);
    Vector* out = reinterpret_cast<Vector*>(to);
    for (int first = 0; first < columns; first += kTogether) {
      for (int64_t tap = 0; tap < taps; ++tap) {
        const int8_t* const from = panel + (tap * kChannels / kGroup * columns + first) * kGroup;
        for (int v = 0; v < kVectors; ++v) *out++ = D::template Pick<kChannels>(from, columns, index[v]);
      }
    }
  }

  static void Tile(const NarrowTile& tile) {
    // Strips of about equal size: products of few rows wait for one another.
    const int strips = (tile.rows + kRows - 1) / kRows;
    const int least = tile.rows / strips;
    const int larger = tile.rows - least * strips;
    const Vector* b = reinterpret_cast<const Vector*>(tile.b);
    for (int first = 0; first < tile.columns; first += kTogether, b += tile.taps * kVectors) {
      const uint8_t* a = tile.a + first;
      int32_t* sums = tile.sums + first;
      for (int strip = 0; strip < strips; ++strip) {
        const int count = least + (strip < larger ? 1 : 0);
        WithRows<kRows>(count, [&](auto rows) {
          if constexpr (kRolls) {
            if (tile.rolling) return RollingStrip<decltype(rows)::value>(tile, a, b, sums);
          }
          Strip<decltype(rows)::value>(tile, a, b, sums);
        });
        a += count * tile.a_stride;
        sums += count * kPanelColumns;
      }
    }
  }

  static void Copy(const char* from, int64_t stride, int64_t count, uint8_t flip, uint8_t* to) {
    constexpr int kPieces = kNarrowPixel / sizeof(Vector);
    Vector flips;
    __builtin_memset(&flips, flip, sizeof(flips));
    for (int64_t i = 0; i < count; ++i, from += stride, to += kNarrowPixel) {
      Repeat<kPieces>([&](auto piece) OCTET_INLINE {
        Vector codes;
        __builtin_memcpy(&codes, from + piece() * sizeof(codes), sizeof(codes));
        codes ^= flips;
        __builtin_memcpy(to + piece() * sizeof(codes), &codes, sizeof(codes));
      });
    }
  }

  static constexpr NarrowKernels kKernels = {Prepare, Tile, Copy};

 private:
  using Vector = typename D::Vector;
  /** Channels that vectors have activations of. */
  static constexpr int kTogether = 4 * D::kUnit;
  /** Vectors of weights for a tap of these. */
  static constexpr int kVectors = kChannels / D::kBlocks;
  /**
   * Whether registers hold a tap's weights. Where they leave room for the sums of two pixels alone, products wait for
   * one another: AVX-VNNI took 1.1 times the time of blocks with zeros then, with weights in memory 0.6.
   */
  static constexpr bool kKeepsWeights = kVectors <= 2;
  /** Pixels whose sums registers have room for; RowOffsets reach 15. */
  static constexpr int kRoom = (D::kRegisters - D::kOtherRegisters - (kKeepsWeights ? kVectors : 0)) / kVectors;
  static constexpr int kRows = kRoom < 14 ? kRoom : 14;
  /** Whether a load for each product would be more than there are ports for: a pixel of a line serves three. */
  static constexpr bool kRolls = kVectors == 1;

  static typename D::Index IndexOf(int vector, int columns) {
    constexpr int kLanesOfGroup = kChannels / D::kUnit;
    NarrowLane lanes[4 * D::kBlocks];
    for (int i = 0; i < 4 * D::kBlocks; ++i) {
      lanes[i].group_of_four = i % kLanesOfGroup * D::kUnit / static_cast<int>(kGroup);
      lanes[i].column = i % 4 / kLanesOfGroup * kChannels + vector + kVectors * (i / 4);
    }
    return D::IndexOf(lanes, columns);
  }

  /** A tap's weights: vectors, or where they are. */
  struct LoadedWeights {
    Vector vectors[kVectors];
    OCTET_INLINE explicit LoadedWeights(const Vector* b) {
      Repeat<kVectors>([&](auto v) OCTET_INLINE { vectors[v()] = D::Load(b + v()); });
    }
    OCTET_INLINE Vector Of(int v) const { return vectors[v]; }
  };
  struct WeightsInMemory {
    const Vector* at;
    OCTET_INLINE explicit WeightsInMemory(const Vector* b) : at(b) {}
    OCTET_INLINE const Vector* Of(int v) const { return at + v; }
  };
  using Weights = std::conditional_t<kKeepsWeights, LoadedWeights, WeightsInMemory>;

  OCTET_INLINE static void Add(Vector activations, const Vector* weights, Vector* sums) {
    *sums = D::DotAt(*sums, activations, weights);
  }
  OCTET_INLINE static void Add(Vector activations, Vector weights, Vector* sums) {
    *sums = D::Dot(*sums, activations, weights);
    // They stay in their register: left to itself GCC 12 moves sums to other registers and back for every tap, and to
    // memory for want of them.
    asm("" : "+v"(*sums));
  }

  // Strips are functions of their own: inlined in the loop over them, some of their sums lie in memory.

  /** For each line of taps all pixels under it, each loaded once. */
  template <int kCount>
  __attribute__((noinline)) static void RollingStrip(const NarrowTile& tile, const uint8_t* a, const Vector* b,
                                                     int32_t* out) {
    constexpr int kLine = 3;
    Vector sums[kCount];
    Repeat<kCount>([&](auto r) OCTET_INLINE { sums[r()] = D::Zero(); });
    for (int64_t tap = 0; tap < tile.taps; tap += kLine, b += kLine) {
      const uint8_t* const line = a + tile.tap_offsets[tap];
      Vector weights[kLine];
      Repeat<kLine>([&](auto t) OCTET_INLINE { weights[t()] = D::Load(b + t()); });
      Repeat<kCount + kLine - 1>([&](auto pixel) OCTET_INLINE {
        constexpr int kPixel = decltype(pixel)::value;
        const Vector activations = D::Spread(line + kPixel * kNarrowPixel);
        Repeat<kLine>([&](auto t) OCTET_INLINE {
          constexpr int kRow = kPixel - decltype(t)::value;
          if constexpr (kRow >= 0 && kRow < kCount) Add(activations, weights[t()], &sums[kRow]);
        });
      });
    }
    Repeat<kCount>([&](auto r) OCTET_INLINE {
      const Vector one[kVectors] = {sums[r()]};
      D::template Finish<kChannels>(one, out + r() * kPanelColumns);
    });
  }

  template <int kCount>
  __attribute__((noinline)) static void Strip(const NarrowTile& tile, const uint8_t* a, const Vector* b, int32_t* out) {
    Vector sums[kCount][kVectors];
    Repeat<kCount>([&](auto r)
                       OCTET_INLINE { Repeat<kVectors>([&](auto v) OCTET_INLINE { sums[r()][v()] = D::Zero(); }); });
    const RowOffsets<kCount> rows(tile.a_stride);
    const int64_t* const end = tile.tap_offsets + tile.taps;
    for (const int64_t* offset = tile.tap_offsets; offset != end; ++offset, b += kVectors) {
      const uint8_t* const from = a + *offset;
      const Weights weights(b);
      Repeat<kCount>([&](auto r) OCTET_INLINE {
        constexpr int kRow = decltype(r)::value;
        const Vector activations = [&]() OCTET_INLINE {
          if constexpr (kRow == 0) {
            return D::Spread(from);
          } else {
            return D::template SpreadAt<RowOffsets<kCount>::template kTimes<kRow>>(from, rows.template Odd<kRow>());
          }
        }();
        Repeat<kVectors>([&](auto v) OCTET_INLINE { Add(activations, weights.Of(v()), &sums[kRow][v()]); });
      });
    }
    Repeat<kCount>([&](auto r) OCTET_INLINE { D::template Finish<kChannels>(sums[r()], out + r() * kPanelColumns); });
  }
};

template <typename D>
const NarrowKernels& NarrowVectorKernels(int64_t channels) {
  return channels == 4 ? NarrowVectors<D, 4>::kKernels : NarrowVectors<D, 8>::kKernels;
}

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_NARROW_TILE_H_
