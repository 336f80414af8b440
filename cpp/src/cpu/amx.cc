// SPDX-License-Identifier: Apache-2.0
#include "cpu/amx.h"

#if defined(OCTET_HAVE_X86)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>

#include "core/packed_gemm.h"

namespace octet {
namespace cpu {
namespace {

#if defined(OCTET_HAVE_X86)
// From Linux 5.16 on, where <asm/prctl.h> has the first one.
constexpr long kRequestPermission = 0x1023;
constexpr long kTileData = 18;

/** Linux saves tile registers for processes that asked: all of their threads, and what they fork, have leave then. */
bool HasPermission() { return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0; }
#endif

constexpr int64_t kGroups = 41;
constexpr int kRows = 31;
constexpr int64_t kRuns = 2;

/** A tile of every kind that kernels for tile registers have: rows, groups of a run, columns. */
constexpr struct {
  int rows;
  int64_t groups;
  int columns;
} kTiles[] = {{31, 32, 32}, {31, 41, 32}, {16, 30, 32}, {13, 41, 16}, {31, 9, 16}, {2, 5, 32}};

}  // namespace

bool AgreesWithScalar(const GemmKernels& kernels) {
  alignas(64) uint8_t a[kRows * kRuns * kGroups * kGroup];
  alignas(64) int8_t b[kRuns * kGroups * kPanelColumns * kGroup];
  // Bytes of all values.
  uint32_t state = 1;
  const auto next = [&state] {
    state = state * 1664525u + 1013904223u;
    return static_cast<uint8_t>(state >> 24);
  };
  std::generate(std::begin(a), std::end(a), next);
  std::generate(std::begin(b), std::end(b), [&next] { return static_cast<int8_t>(next()); });
  bool agrees = true;
  for (const auto& shape : kTiles) {
    for (const bool add : {false, true}) {
      alignas(64) int32_t sums[2][kRows * kPanelColumns];
      std::fill_n(sums[0], kRows * kPanelColumns, 12345);
      std::memcpy(sums[1], sums[0], sizeof(sums[0]));
      const int64_t offsets[kRuns] = {shape.groups * kGroup, 0};
      GemmTile tile;
      tile.a = a;
      tile.a_stride = kRuns * shape.groups * kGroup;
      tile.rows = shape.rows;
      tile.groups = shape.groups;
      tile.run_offsets = offsets;
      tile.runs = kRuns;
      tile.b = b;
      tile.columns = shape.columns;
      tile.add = add;
      tile.sums = sums[0];
      ScalarGemmKernels().tile(tile);
      tile.sums = sums[1];
      kernels.tile(tile);
      agrees = agrees && std::memcmp(sums[0], sums[1], sizeof(sums[0])) == 0;
    }
  }
  if (kernels.release != nullptr) kernels.release();
  return agrees;
}

bool AmxWorks() {
#if defined(OCTET_HAVE_X86)
  // What compilers ask for includes that the system has enabled the registers (XCR0).
  static const bool works = __builtin_cpu_supports("amx-tile") && __builtin_cpu_supports("amx-int8") &&
                            HasPermission() && AgreesWithScalar(AmxGemmKernels());
  return works;
#else
  return false;
#endif
}

}  // namespace cpu
}  // namespace octet
