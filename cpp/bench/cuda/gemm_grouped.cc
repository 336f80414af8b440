// SPDX-License-Identifier: Apache-2.0
// Products of rows in groups, each with weights of its own: layers with a mixture of experts, with few and many rows
// for each, as many for all or (skewed) most of them for some. Beside them products one after the other, all of them
// enqueued before the first one begins.
#include <algorithm>

#include "families.h"
#include "weights.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t groups, rows, n, k;
  bool skewed = false;
};

// Experts as of Mixtral 8x7B (the layer back to 4096) and as of DeepSeek-V2-Lite (gate and up of 1408 at once).
constexpr Shape kShapes[] = {{8, 16, 4096, 14336},         {8, 512, 4096, 14336},       {8, 4096, 4096, 14336},
                             {8, 4096, 4096, 14336, true}, {64, 64, 2816, 2048},        {64, 512, 2816, 2048},
                             {64, 8192, 2816, 2048},       {64, 8192, 2816, 2048, true}};
constexpr Shape kSmallShapes[] = {{3, 12, 64, 64}, {3, 70, 64, 64, true}};

struct Kind {
  DLDataType a;
  int bits;
  DLDataType out;
};

constexpr Kind kKinds[] = {{kS8, 8, kS8}, {kS8, 4, kS8}, {kF16, 8, kF16}};

/** Sizes of groups that add up to the rows; skewed: each has half of what is left after the one before. */
std::vector<int64_t> Groups(const Shape& shape) {
  std::vector<int64_t> sizes(static_cast<size_t>(shape.groups), shape.rows / shape.groups);
  if (shape.skewed) {
    int64_t left = shape.rows;
    for (int64_t& size : sizes) {
      size = (left + 1) / 2;
      left -= size;
    }
  }
  return sizes;
}

void Multiply(Bench* bench, const Kind& kind, const Shape& shape) {
  const auto [groups, rows, n, k, skewed] = shape;
  const std::vector<int64_t> sizes = Groups(shape);
  std::vector<int32_t> ends;
  for (const int64_t size : sizes) ends.push_back(static_cast<int32_t>(size) + (ends.empty() ? 0 : ends.back()));
  const Tensor offsets(kS32, {groups}, ends.data());
  const GroupedWeights weights(groups, n, k, kind.bits);
  const Tensor a(kind.a, {rows, k});
  const Tensor out(kind.out, {rows, n});
  const Grid grid(kS8);
  octet_epilogue epilogue = {};
  epilogue.out_grid = grid.For(kind.out);
  size_t bytes = 0;
  BENCH_CHECK(octet_gemm_grouped_workspace_size(a.dl(), weights.handle(), weights.handle_bytes(), &bytes));
  const Memory workspace(bytes);
  const auto used =
      static_cast<double>(std::count_if(sizes.begin(), sizes.end(), [](int64_t size) { return size > 0; }));
  const double weight_count = static_cast<double>(n * k);
  const Work work = {a.bytes() + used * weight_count * kind.bits / 8.0 + out.bytes(),
                     2.0 * static_cast<double>(ends.back()) * weight_count};
  if (kind.a.bits == 16) {
    bench->Measure(work, [&] {
      BENCH_CHECK(octet_gemm_grouped_dynamic(a.dl(), 8, 1e-8f, offsets.dl(), weights.handle(), weights.handle_bytes(),
                                             &epilogue, out.dl(), workspace.data(), bytes, nullptr));
    });
  } else {
    bench->Measure(work, [&] {
      BENCH_CHECK(octet_gemm_grouped(a.dl(), grid.get(), offsets.dl(), weights.handle(), weights.handle_bytes(),
                                     &epilogue, out.dl(), workspace.data(), bytes, nullptr));
    });
  }
  bench->CompareWithLt(kind.a.bits == 16 ? LtTypes::kF16 : LtTypes::kS8ToS8, sizes, n, k);
}

}  // namespace

void GroupedRows(Bench* bench) {
  for (const Kind& kind : kKinds) {
    for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) {
      const std::string row = NameOf(kind.a) + "xs" + std::to_string(kind.bits) + '-' + NameOf(kind.out) + '/' +
                              std::to_string(shape.groups) + "_experts/" + ShapeText({shape.rows, shape.n, shape.k}) +
                              (shape.skewed ? "/skewed" : "");
      bench->Row(kind.a.bits == 16 ? "gemm_grouped_dynamic" : "gemm_grouped", row,
                 [&] { Multiply(bench, kind, shape); });
    }
  }
}

}  // namespace bench
}  // namespace octet
