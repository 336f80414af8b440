// SPDX-License-Identifier: Apache-2.0
#include "cpu/tile_loop.h"

#include <cstring>
#include <utility>

namespace octet {
namespace cpu {
namespace {

int64_t Magnitude(int64_t value) { return value < 0 ? -value : value; }

template <typename T>
void CopyItems(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + i * from_stride, sizeof(T));
    std::memcpy(to + i * to_stride, &value, sizeof(T));
  }
}

/** Strides in bytes. */
void CopyStrided(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t item_size, int64_t count) {
  if (from_stride == item_size && to_stride == item_size) {
    std::memcpy(to, from, static_cast<size_t>(count * item_size));
  } else if (item_size == 8) {
    CopyItems<uint64_t>(from, from_stride, to, to_stride, count);
  } else if (item_size == 4) {
    CopyItems<uint32_t>(from, from_stride, to, to_stride, count);
  } else if (item_size == 2) {
    CopyItems<uint16_t>(from, from_stride, to, to_stride, count);
  } else {
    CopyItems<uint8_t>(from, from_stride, to, to_stride, count);
  }
}

}  // namespace

TileLoop::TileLoop(std::initializer_list<const TensorView*> operands) : count_((*operands.begin())->count) {
  const TensorView& out = **operands.begin();
  for (const TensorView* view : operands) {
    Operand& operand = operands_[operand_count_++];
    operand.data = view->data;
    operand.item_size = view->item_size();
    int kept = 0;
    for (int d = 0; d < out.ndim; ++d) {
      if (out.shape[d] != 1) operand.strides[kept++] = view->strides[d] * operand.item_size;
    }
  }
  for (int d = 0; d < out.ndim; ++d) {
    if (out.shape[d] != 1) shape_[ndim_++] = out.shape[d];
  }
  // The output's largest strides outermost.
  const auto swap_dims = [this](int a, int b) {
    std::swap(shape_[a], shape_[b]);
    for (int i = 0; i < operand_count_; ++i) std::swap(operands_[i].strides[a], operands_[i].strides[b]);
  };
  for (int i = 1; i < ndim_; ++i) {
    for (int j = i; j > 0 && Magnitude(operands_[0].strides[j]) > Magnitude(operands_[0].strides[j - 1]); --j) {
      swap_dims(j, j - 1);
    }
  }
  // Neighbours through which all operands step as through one dimension become one.
  int kept = 0;
  for (int d = 1; d < ndim_; ++d) {
    bool one = true;
    for (int i = 0; i < operand_count_; ++i) {
      one = one && operands_[i].strides[kept] == operands_[i].strides[d] * shape_[d];
    }
    if (!one) ++kept;
    shape_[kept] = one ? shape_[kept] * shape_[d] : shape_[d];
    for (int i = 0; i < operand_count_; ++i) operands_[i].strides[kept] = operands_[i].strides[d];
  }
  if (ndim_ == 0) {
    shape_[0] = 1;
    for (int i = 0; i < operand_count_; ++i) operands_[i].strides[0] = operands_[i].item_size;
  }
  ndim_ = kept + 1;
  for (int i = 0; i < operand_count_; ++i) {
    Operand& operand = operands_[i];
    int64_t expected = operand.item_size;
    operand.compact = true;
    for (int d = ndim_ - 1; d >= 0; --d) {
      operand.compact = operand.compact && operand.strides[d] == expected;
      expected *= shape_[d];
    }
  }
}

char* TileLoop::Direct(int number, int64_t first, int64_t count) const {
  const Operand& operand = operands_[number];
  if (operand.compact) return operand.data + first * operand.item_size;
  const int inner = ndim_ - 1;
  if (operand.strides[inner] != operand.item_size || first % shape_[inner] + count > shape_[inner]) return nullptr;
  return At(number, first);
}

bool TileLoop::IsRepeated(int number, RepeatedRows* rows) const {
  const Operand& operand = operands_[number];
  const int inner = ndim_ - 1;
  if (ndim_ < 2 || ndim_ > 3 || operand.strides[inner] != operand.item_size || operand.strides[inner - 1] != 0) {
    return false;
  }
  *rows = {ndim_ == 3 ? shape_[0] : 1, shape_[inner - 1], shape_[inner]};
  return true;
}

char* TileLoop::At(int number, int64_t element) const {
  const Operand& operand = operands_[number];
  char* data = operand.data;
  for (int d = ndim_ - 1; d >= 0; --d) {
    data += element % shape_[d] * operand.strides[d];
    element /= shape_[d];
  }
  return data;
}

/** Calls run(first element, stride, number of the tile's element, count) for the tile's parts in the inner dimension.
 */
template <typename Run>
void TileLoop::ForEachRun(const Operand& operand, int64_t first, int64_t count, const Run& run) const {
  const int inner = ndim_ - 1;
  int64_t index[kMaxDims];
  char* data = operand.data;
  for (int d = inner; d >= 0; --d) {
    index[d] = first % shape_[d];
    data += index[d] * operand.strides[d];
    first /= shape_[d];
  }
  for (int64_t done = 0;;) {
    const int64_t part = std::min(count - done, shape_[inner] - index[inner]);
    run(data, operand.strides[inner], done, part);
    done += part;
    if (done == count) return;
    data -= index[inner] * operand.strides[inner];
    index[inner] = 0;
    for (int d = inner - 1; d >= 0; --d) {
      data += operand.strides[d];
      if (++index[d] < shape_[d]) break;
      data -= shape_[d] * operand.strides[d];
      index[d] = 0;
    }
  }
}

void TileLoop::Gather(int number, int64_t first, int64_t count, char* to) const {
  const Operand& operand = operands_[number];
  ForEachRun(operand, first, count, [&](const char* data, int64_t stride, int64_t at, int64_t part) {
    CopyStrided(data, stride, to + at * operand.item_size, operand.item_size, operand.item_size, part);
  });
}

void TileLoop::Scatter(int number, int64_t first, int64_t count, const char* from) const {
  const Operand& operand = operands_[number];
  ForEachRun(operand, first, count, [&](char* data, int64_t stride, int64_t at, int64_t part) {
    CopyStrided(from + at * operand.item_size, operand.item_size, data, stride, operand.item_size, part);
  });
}

}  // namespace cpu
}  // namespace octet
