// SPDX-License-Identifier: Apache-2.0
#include "support/amx_model.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "octet/library.h"

namespace octet {
namespace test {
namespace {

using cpu::AmxShapes;
using cpu::kAmxRowBytes;
using cpu::kAmxRows;
using cpu::kAmxTiles;

struct Tiles {
  bool configured = false;
  AmxShapes shapes;
  uint8_t bytes[kAmxTiles][kAmxRows][kAmxRowBytes];
};

thread_local Tiles tiles;
std::atomic<int64_t> dots{0};
std::atomic<int64_t> configurations{0};
std::atomic<int64_t> threads_with_tiles{0};

void Check(bool holds, const char* instruction, const char* wanted) {
  if (holds) return;
  std::fprintf(stderr, "AMX model: %s: expected %s\n", instruction, wanted);
  std::abort();
}

int Rows(int tile) { return tiles.shapes.rows[tile]; }
int RowBytes(int tile) { return tiles.shapes.row_bytes[tile]; }

void CheckTile(int tile, const char* instruction) {
  Check(tiles.configured, instruction, "tiles to be configured");
  Check(tile >= 0 && tile < kAmxTiles, instruction, "tile 0 to 7");
  Check(Rows(tile) > 0, instruction, "a tile that has rows");
}

}  // namespace

void ModelConfigure(const AmxShapes& shapes) {
  constexpr char kName[] = "LDTILECFG";
  ++configurations;
  Check(shapes.palette <= 1, kName, "palette 0 or 1");
  if (shapes.palette == 0) {
    ModelRelease();
    return;
  }
  Check(shapes.start_row == 0, kName, "start row 0, unless an instruction is continued");
  for (const uint8_t byte : shapes.reserved) Check(byte == 0, kName, "reserved bytes to be 0");
  for (int t = 0; t < 16; ++t) {
    Check(t < kAmxTiles || (shapes.rows[t] == 0 && shapes.row_bytes[t] == 0), kName, "nothing for tiles 8 to 15");
    Check(shapes.rows[t] <= kAmxRows, kName, "at most 16 rows");
    Check(shapes.row_bytes[t] <= kAmxRowBytes, kName, "at most 64 bytes a row");
    Check((shapes.rows[t] == 0) == (shapes.row_bytes[t] == 0), kName, "rows and bytes, or neither");
  }
  if (!tiles.configured) ++threads_with_tiles;
  tiles.configured = true;
  tiles.shapes = shapes;
  std::memset(tiles.bytes, 0, sizeof(tiles.bytes));
}

void ModelRelease() {
  if (tiles.configured) --threads_with_tiles;
  tiles.configured = false;
}

void ModelZero(int tile) {
  CheckTile(tile, "TILEZERO");
  std::memset(tiles.bytes[tile], 0, sizeof(tiles.bytes[tile]));
}

void ModelLoad(int tile, const void* from, int64_t stride) {
  CheckTile(tile, "TILELOADD");
  std::memset(tiles.bytes[tile], 0, sizeof(tiles.bytes[tile]));
  for (int row = 0; row < Rows(tile); ++row) {
    std::memcpy(tiles.bytes[tile][row], static_cast<const char*>(from) + row * stride,
                static_cast<size_t>(RowBytes(tile)));
  }
}

void ModelStore(int tile, void* to, int64_t stride) {
  CheckTile(tile, "TILESTORED");
  for (int row = 0; row < Rows(tile); ++row) {
    std::memcpy(static_cast<char*>(to) + row * stride, tiles.bytes[tile][row], static_cast<size_t>(RowBytes(tile)));
  }
}

void ModelDot(int sums, int activations, int weights) {
  constexpr char kName[] = "TDPBUSD";
  for (const int tile : {sums, activations, weights}) {
    CheckTile(tile, kName);
    Check(RowBytes(tile) % 4 == 0, kName, "rows of whole groups of four bytes");
  }
  Check(sums != activations && sums != weights && activations != weights, kName, "three different tiles");
  Check(Rows(sums) == Rows(activations), kName, "as many rows of sums as of the left operand");
  Check(RowBytes(sums) == RowBytes(weights), kName, "as many columns of sums as of the right operand");
  Check(RowBytes(activations) / 4 == Rows(weights), kName, "as many groups in both operands");
  dots.fetch_add(1, std::memory_order_relaxed);
  for (int row = 0; row < Rows(sums); ++row) {
    uint32_t lanes[kAmxRowBytes / 4];
    std::memcpy(lanes, tiles.bytes[sums][row], sizeof(lanes));
    for (int group = 0; group < Rows(weights); ++group) {
      const uint8_t* const left = tiles.bytes[activations][row] + 4 * group;
      const uint8_t* const right = tiles.bytes[weights][group];
      for (int column = 0; column < RowBytes(sums) / 4; ++column) {
        for (int i = 0; i < 4; ++i) {
          const int32_t product = left[i] * static_cast<int8_t>(right[4 * column + i]);
          lanes[column] += static_cast<uint32_t>(product);
        }
      }
    }
    std::memcpy(tiles.bytes[sums][row], lanes, sizeof(lanes));
  }
}

int64_t ModelledDots() { return dots.load(); }

int64_t ModelledConfigurations() { return configurations.load(); }

int64_t ThreadsWithTiles() { return threads_with_tiles.load(); }

const cpu::GemmKernels& ModelledAmxKernels() {
  static const cpu::GemmKernels kernels = cpu::AmxKernelsOn<AmxModel<cpu::ScalarGemmKernels>>();
  return kernels;
}

bool ModelAmxWhereMissing() {
#if defined(OCTET_HAVE_X86)
  if (octet_isa_available(OCTET_ISA_AMX_INT8) == 0) {
    static const cpu::GemmKernels kernels = cpu::AmxKernelsOn<AmxModel<cpu::Avx512VnniGemmKernels>>();
    cpu::SetAmxStandIn(&kernels);
  }
#endif
  return cpu::AmxStandIn() != nullptr && octet_isa_available(OCTET_ISA_AMX_INT8) == 1;
}

}  // namespace test
}  // namespace octet
