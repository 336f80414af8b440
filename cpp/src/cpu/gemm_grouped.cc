// SPDX-License-Identifier: Apache-2.0
// Products of several groups of rows, each with weights of its own: the products of gemm_product.h side by side. What
// threads share are the items of all groups whose rows are ready, so that many groups of a few rows use them as one
// large group does.
#include <algorithm>
#include <new>
#include <type_traits>

#include "cpu/backend.h"
#include "cpu/gemm_product.h"
#include "cpu/parts.h"

namespace octet {
namespace cpu {
namespace {

/** A group's part of the rows that are ready. Lies in the workspace. */
class GroupProduct {
 public:
  GroupProduct(const GemmKernels& kernels, const GemmActivations& a, const PackedGemm& weights,
               const EpilogueView& epilogue, const ReadyRows& ready, int64_t first_row, int64_t rows,
               int64_t first_item)
      : weights_(weights),
        epilogue_(epilogue),
        first_item_(first_item),
        product_(kernels, a, weights_, epilogue_, ready, first_row, rows) {}
  GroupProduct(const GroupProduct&) = delete;

  int64_t first_item() const { return first_item_; }
  int64_t end_item() const { return first_item_ + product_.items(); }
  void RunItem(int64_t item) const { product_.RunItem(item - first_item_); }

 private:
  const PackedGemm weights_;
  const EpilogueView epilogue_;
  const int64_t first_item_;
  const GemmProduct product_;
};
static_assert(std::is_trivially_destructible_v<GroupProduct>, "made anew in the same memory");
static_assert(alignof(GroupProduct) <= kPackAlignment && sizeof(GroupProduct) < 1024, "what workspaces are for");

/** Bias and factor are those of a group. */
EpilogueView EpilogueOf(const EpilogueView& epilogue, int64_t group, int64_t n) {
  EpilogueView view = epilogue;
  if (view.bias != nullptr) view.bias += group * n;
  if (view.factor != nullptr) view.factor += group * n;
  return view;
}

}  // namespace

size_t GroupedGemmWorkspaceSize(int64_t m, int64_t k, int64_t groups) {
  const int64_t products = std::min(m, groups) * static_cast<int64_t>(sizeof(GroupProduct));
  return static_cast<size_t>(ReadyParts::Bytes(m, k) + products);
}

void GroupedGemm(const GemmActivations& a, const PackedGroups& weights, const RowGroups& groups,
                 const EpilogueView& epilogue, char* workspace) {
  GemmActivations used = a;
  used.m = groups.count == 0 ? 0 : groups.End(groups.count - 1);
  if (used.m == 0 || weights.n == 0) return;
  // Once a call: it may be changed meanwhile, and the workspace is laid out for one.
  const GemmKernels& kernels = CurrentGemmKernels();
  const ReadyParts ready(kernels, used, weights.k, weights.bits, weights.has_zero_points, workspace);
  char* const memory = workspace + ReadyParts::Bytes(a.m, weights.k);
  const GroupProduct* const products = reinterpret_cast<const GroupProduct*>(memory);
  int64_t group = 0;
  for (int64_t part = 0; part < ready.count(); ++part) {
    const int64_t begin = ready.Start(part);
    const int64_t end = ready.Start(part + 1);
    ready.Make(part, false);
    int64_t count = 0;
    int64_t items = 0;
    for (int64_t row = begin; row < end;) {
      while (groups.End(group) <= row) ++group;
      const int64_t group_end = std::min(end, groups.End(group));
      const GroupProduct* product = new (memory + count * static_cast<int64_t>(sizeof(GroupProduct)))
          GroupProduct(kernels, used, weights.At(group), EpilogueOf(epilogue, group, weights.n),
                       ready.From(row - begin), row, group_end - row, items);
      items = product->end_item();
      ++count;
      row = group_end;
    }
    const bool little = (end - begin) * weights.k * weights.n < kernels.item_products / 2;
    ForItems(items, little, [&](int64_t item) {
      const GroupProduct* const after =
          std::upper_bound(products, products + count, item,
                           [](int64_t number, const GroupProduct& product) { return number < product.first_item(); });
      after[-1].RunItem(item);
    });
  }
}

}  // namespace cpu
}  // namespace octet
