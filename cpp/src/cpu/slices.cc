// SPDX-License-Identifier: Apache-2.0
#include "cpu/slices.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace octet {
namespace cpu {
namespace {

// Elements gathered before they are widened.
constexpr int64_t kGather = 256;

int64_t Magnitude(int64_t value) { return value < 0 ? -value : value; }

template <typename T>
void Gather(const char* from, int64_t stride, int64_t count, T* to) {
  for (int64_t i = 0; i < count; ++i) std::memcpy(to + i, from + i * stride, sizeof(T));
}

void ReadRun(const Kernels& kernels, ElementType type, const Slices::Run& run, float* out) {
  if (type == ElementType::kF32 && run.stride != 4) {
    Gather(run.data, run.stride, run.count, out);
    return;
  }
  const auto widen = kernels.widen[FloatIndex(type)];
  if (run.stride == SizeOf(type)) {
    widen(run.data, out, run.count);
    return;
  }
  uint16_t halves[kGather];
  for (int64_t i = 0; i < run.count; i += kGather) {
    const int64_t count = std::min(kGather, run.count - i);
    Gather(run.data + i * run.stride, run.stride, count, halves);
    widen(halves, out + i, count);
  }
}

}  // namespace

Slices::Slices(const TensorView& x, int axis, int64_t slice_count, SliceOrder order)
    : type_(x.type), item_size_(x.item_size()), data_(x.data), slice_count_(axis < 0 ? 1 : slice_count) {
  for (int d = 0; d < x.ndim; ++d) {
    int64_t size = x.shape[d];
    const int64_t stride = x.strides[d] * item_size_;
    if (d == axis) {
      size /= slice_count_;
      slice_stride_ = stride * size;
    }
    if (size == 1) continue;
    length_ *= size;
    shape_[ndim_] = size;
    strides_[ndim_] = stride;
    ++ndim_;
  }
  if (ndim_ == 0) {
    ndim_ = 1;
    shape_[0] = 1;
    strides_[0] = item_size_;
    return;
  }
  if (order == SliceOrder::kAny) {
    for (int d = 0; d < ndim_; ++d) {
      if (strides_[d] >= 0) continue;
      data_ += strides_[d] * (shape_[d] - 1);
      strides_[d] = -strides_[d];
    }
    for (int i = 1; i < ndim_; ++i) {
      for (int j = i; j > 0 && Magnitude(strides_[j]) > Magnitude(strides_[j - 1]); --j) {
        std::swap(strides_[j], strides_[j - 1]);
        std::swap(shape_[j], shape_[j - 1]);
      }
    }
  }
  int kept = 0;
  for (int d = 1; d < ndim_; ++d) {
    if (strides_[kept] == strides_[d] * shape_[d]) {
      shape_[kept] *= shape_[d];
    } else {
      ++kept;
      shape_[kept] = shape_[d];
    }
    strides_[kept] = strides_[d];
  }
  ndim_ = kept + 1;
}

Slices::Run Slices::RunAt(int64_t slice, int64_t start, int64_t count) const {
  const char* data = data_ + slice * slice_stride_;
  const int inner = ndim_ - 1;
  int64_t rest = start;
  int64_t left = 0;
  for (int d = inner; d >= 0; --d) {
    const int64_t index = rest % shape_[d];
    rest /= shape_[d];
    data += index * strides_[d];
    if (d == inner) left = shape_[d] - index;
  }
  return {data, strides_[inner], std::min(left, count)};
}

const float* Slices::Read(const Kernels& kernels, int64_t slice, int64_t start, int64_t count, float* buffer) const {
  Run run = RunAt(slice, start, count);
  if (run.count == count && type_ == ElementType::kF32 && run.stride == 4 &&
      reinterpret_cast<uintptr_t>(run.data) % alignof(float) == 0) {
    return reinterpret_cast<const float*>(run.data);
  }
  for (int64_t done = 0;;) {
    ReadRun(kernels, type_, run, buffer + done);
    done += run.count;
    if (done == count) return buffer;
    run = RunAt(slice, start + done, count - done);
  }
}

}  // namespace cpu
}  // namespace octet
