// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>

#include "cpu/backend.h"
#include "cpu/kernels.h"
#include "cpu/parameters.h"
#include "cpu/scratch.h"
#include "cpu/slices.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Elements of a piece of work: some 15 us of divisions, a few times as long as waking a thread takes.
constexpr int64_t kPiece = 65536;

constexpr int64_t kBlock = 1024;

/** Whether any of the values differ; NaN differs from everything. */
bool AnyDiffer(const float* a, const float* b, int64_t count) {
  int32_t differ = 0;
  for (int64_t i = 0; i < count; ++i) differ |= a[i] == b[i] ? 0 : 1;
  return differ != 0;
}

}  // namespace

int64_t FirstOffGrid(const GridView& grid, const TensorView& x) {
  if (x.count == 0) return -1;
  Scratch scratch(ParameterBytes(grid, false));
  const Parameters parameters = ResolveParameters(grid, false, &scratch);
  const Kernels& kernels = CurrentKernels();
  const Slices slices(x, -1, 1, SliceOrder::kRowMajor);
  std::atomic<int64_t> first{x.count};
  ParallelFor((x.count + kPiece - 1) / kPiece, [&](int64_t piece) {
    alignas(64) float buffer[kBlock];
    alignas(64) float snapped[kBlock];
    const int64_t end = std::min(x.count, (piece + 1) * kPiece);
    for (int64_t begin = piece * kPiece; begin < end; begin += kBlock) {
      if (begin > first.load(std::memory_order_relaxed)) return;
      const int64_t count = std::min(kBlock, end - begin);
      const float* values = slices.Read(kernels, 0, begin, count, buffer);
      Row row;
      row.in[0] = values;
      row.out[0] = snapped;
      row.count = count;
      row.grid = RowGridAt(parameters, grid.limits, 0, false);
      kernels.fake_quantize[FloatIndex(ElementType::kF32)](row);
      if (!AnyDiffer(values, snapped, count)) continue;
      int64_t at = 0;
      while (values[at] == snapped[at]) ++at;
      int64_t known = first.load(std::memory_order_relaxed);
      while (begin + at < known && !first.compare_exchange_weak(known, begin + at)) {
      }
      return;
    }
  });
  const int64_t found = first.load();
  return found < x.count ? found : -1;
}

}  // namespace cpu
}  // namespace octet
