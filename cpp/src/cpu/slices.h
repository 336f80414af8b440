// SPDX-License-Identifier: Apache-2.0
// A tensor as slices along an axis, and each slice as one sequence of elements, for reductions.
#ifndef OCTET_CPU_SLICES_H_
#define OCTET_CPU_SLICES_H_

#include <cstddef>

#include "core/tensor_view.h"
#include "cpu/kernels.h"

namespace octet {
namespace cpu {

enum class SliceOrder {
  /** Row-major order of the tensor, whatever the strides are: for sums. */
  kRowMajor,
  /** The order that suits the memory. */
  kAny,
};

class Slices {
 public:
  /**
   * axis = -1: one slice. Else slices are groups of shape[axis] / slice_count neighbours along the axis; slice_count
   * divides the size. The tensor must have elements.
   */
  Slices(const TensorView& x, int axis, int64_t slice_count, SliceOrder order);

  int64_t count() const { return slice_count_; }
  /** Elements of a slice. */
  int64_t length() const { return length_; }

  /** Elements from `start` on, at most `count`, that lie in one run with a constant stride. */
  struct Run {
    const char* data;
    /** In bytes. */
    int64_t stride;
    int64_t count;
  };
  Run RunAt(int64_t slice, int64_t start, int64_t count) const;

  /**
   * Elements start..start+count-1 of a slice as f32: where they lie if they are f32 side by side and aligned, else in
   * `buffer`.
   */
  const float* Read(const Kernels& kernels, int64_t slice, int64_t start, int64_t count, float* buffer) const;

 private:
  ElementType type_;
  int64_t item_size_;
  const char* data_;
  int64_t slice_count_;
  int64_t slice_stride_ = 0;
  int64_t length_ = 1;
  int ndim_ = 0;
  int64_t shape_[kMaxDims];
  /** In bytes. */
  int64_t strides_[kMaxDims];
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_SLICES_H_
