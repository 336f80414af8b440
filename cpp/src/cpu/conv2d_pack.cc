// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <vector>

#include "cpu/backend.h"

namespace octet {
namespace cpu {
namespace {

/**
 * The weights of a block as a matrix; geometry: the block's, with `together` groups as one. `gap` is the code of weight
 * 0.
 */
void FillMatrix(const TensorView& weights, const Conv2dGeometry& geometry, int64_t together, int bits,
                int64_t first_row, char gap, std::vector<char>* matrix) {
  const int64_t n = geometry.block_n();
  const int64_t k = geometry.block_k(bits);
  const int64_t channels = geometry.group_in() / together;
  const int64_t padded_run = geometry.one_block() ? channels : geometry.padded_run(bits);
  const int64_t taps_a_run = geometry.rows_are_runs() && !geometry.one_block() ? geometry.kernel_w : 1;
  matrix->assign(static_cast<size_t>(n * k), gap);
  for (int64_t row = 0; row < n; ++row) {
    const int64_t first_channel = row / (n / together) * channels;
    for (int64_t tap = 0; tap < geometry.taps(); ++tap) {
      const char* from = weights.data + (first_row + row) * weights.strides[0] +
                         tap / geometry.kernel_w * weights.strides[2] + tap % geometry.kernel_w * weights.strides[3];
      char* to = matrix->data() + row * k + tap / taps_a_run * padded_run + tap % taps_a_run * geometry.group_in() +
                 first_channel;
      for (int64_t c = 0; c < channels; ++c) to[c] = from[c * weights.strides[1]];
    }
  }
}

/**
 * Takes gaps back out of the sums: they have been counted as products, but meet no activation whose zero point would
 * have to be corrected.
 */
void CorrectSums(const PackedGemmLayout& layout, int64_t n, int64_t gaps, char* block) {
  for (int64_t row = 0; row < n && layout.zero_points != 0; ++row) {
    int32_t sum;
    int32_t zero_point;
    std::memcpy(&sum, block + layout.sums + row * 4, 4);
    std::memcpy(&zero_point, block + layout.zero_points + row * 4, 4);
    sum = static_cast<int32_t>(static_cast<uint32_t>(sum) +
                               static_cast<uint32_t>(gaps) * static_cast<uint32_t>(zero_point));
    std::memcpy(block + layout.sums + row * 4, &sum, 4);
  }
}

}  // namespace

bool PackConv2d(const TensorView& weights, const GridView& grid, const Conv2dGeometry& given, int bits,
                bool has_zero_points, char* blocks) {
  const Conv2dGeometry geometry = BlockGeometry(given, has_zero_points);
  const int64_t n = geometry.block_n();
  const int64_t k = geometry.block_k(bits);
  const PackedGemmLayout layout = LayoutOf(n, k, bits, has_zero_points);
  const char gap = static_cast<char>(weights.type == ElementType::kS8 ? 0 : bits == 8 ? 128 : 8);
  std::vector<char> matrix;
  for (int64_t index = 0; index < geometry.blocks(); ++index) {
    char* block = blocks + index * layout.bytes;
    FillMatrix(weights, geometry, given.groups / geometry.groups, bits, index * n, gap, &matrix);
    TensorView view;
    view.data = matrix.data();
    view.type = weights.type;
    view.ndim = 2;
    view.count = n * k;
    view.shape[0] = n;
    view.shape[1] = view.strides[0] = k;
    view.strides[1] = 1;
    if (!PackGemm(view, grid, {index * n, geometry.out_channels}, bits, has_zero_points, block)) return false;
    CorrectSums(layout, n, k - geometry.group_in() * geometry.taps(), block);
  }
  return true;
}

}  // namespace cpu
}  // namespace octet
