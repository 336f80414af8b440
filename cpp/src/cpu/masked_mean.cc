// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "cpu/integers.h"
#include "cpu/reduce.h"
#include "cpu/row_source.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Columns that are summed at a time.
constexpr int64_t kColumns = 1024;

// Rows after which a sum is added to the total: keeps the rounding error of long sums down.
constexpr int64_t kRowBlock = 64;

float MaskAt(const TensorView& mask, int64_t b, int64_t t) {
  const char* at = mask.data + (b * mask.strides[0] + t * mask.strides[1]) * mask.item_size();
  if (mask.type == ElementType::kBool) return *at != 0 ? 1.0f : 0.0f;
  if (mask.type == ElementType::kU8) return static_cast<float>(static_cast<uint8_t>(*at));
  if (mask.type != ElementType::kF32) return static_cast<float>(LoadInteger(at, mask.type));
  float value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

/** The mean of columns first..first + count - 1 of a batch. */
void MeanOfColumns(const RowKernels& kernels, const Operand& x, const TensorView& mask, float eps, int64_t b,
                   int64_t first, int64_t count, const OperandRow& out) {
  const TensorView& view = x.view;
  alignas(64) float values[kColumns];
  alignas(64) float block[kColumns];
  alignas(64) float total[kColumns];
  std::fill(total, total + count, 0.0f);
  float weight = 0.0f;
  for (int64_t start = 0; start < view.shape[1]; start += kRowBlock) {
    std::fill(block, block + count, 0.0f);
    float block_weight = 0.0f;
    for (int64_t t = start; t < std::min(start + kRowBlock, view.shape[1]); ++t) {
      const float factor = MaskAt(mask, b, t);
      if (factor == 0.0f) continue;
      const void* row = view.data + (b * view.strides[0] + t * view.strides[1] + first) * view.item_size();
      if (view.type != ElementType::kF32) {
        kernels.convert.load[RowTypeIndex(view.type)](row, x.step, count, values);
        row = values;
      }
      kernels.reduce.accumulate(row, factor, count, block);
      block_weight += factor;
    }
    kernels.map.binary[static_cast<int>(Binary::kAdd)](total, block, count, total);
    weight += block_weight;
  }
  const float divisor = weight > eps || numerics::IsNan(weight) ? weight : eps;
  StoreThrough(kernels.convert, out, first, count, values,
               [&](void* to) { kernels.reduce.divide(total, divisor, count, to); });
}

}  // namespace

void MaskedMean(const Operand& x, const TensorView& mask, float eps, const Operand& out) {
  if (out.view.count == 0) return;
  const RowKernels& kernels = CurrentRowKernels();
  const int64_t columns = x.view.shape[2];
  const int64_t parts = (columns + kColumns - 1) / kColumns;
  ParallelFor(x.view.shape[0] * parts, [&](int64_t item) {
    const int64_t b = item / parts;
    const int64_t first = item % parts * kColumns;
    const OperandRow row = RowOf(out, out.view.data + b * out.view.strides[0] * out.view.item_size());
    MeanOfColumns(kernels, x, mask, eps, b, first, std::min(kColumns, columns - first), row);
  });
}

}  // namespace cpu
}  // namespace octet
