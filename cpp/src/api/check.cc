// SPDX-License-Identifier: Apache-2.0
#include "api/check.h"

#include <algorithm>
#include <cinttypes>
#include <cstring>

#include "api/cuda_library.h"
#include "api/error.h"
#include "api/words.h"
#include "core/raw_value.h"

namespace octet {
namespace api {
namespace {

// Extents in bytes stay below this, so that sums of offsets do not overflow.
constexpr int64_t kMaxBytes = int64_t{1} << 60;

bool ElementTypeOf(DLDataType type, ElementType* result) {
  if (type.lanes != 1) return false;
  struct Row {
    uint8_t code;
    uint8_t bits;
    ElementType type;
  };
  static constexpr Row kRows[] = {
      {kDLFloat, 32, ElementType::kF32}, {kDLFloat, 16, ElementType::kF16}, {kDLBfloat, 16, ElementType::kBF16},
      {kDLInt, 8, ElementType::kS8},     {kDLUInt, 8, ElementType::kU8},    {kDLInt, 32, ElementType::kS32},
      {kDLFloat, 64, ElementType::kF64}, {kDLInt, 64, ElementType::kS64},   {kDLBool, 8, ElementType::kBool},
  };
  for (const Row& row : kRows) {
    if (row.code == type.code && row.bits == type.bits) {
      *result = row.type;
      return true;
    }
  }
  return false;
}

bool IsCompact(const TensorView& view) {
  int64_t expected = 1;
  for (int d = view.ndim - 1; d >= 0; --d) {
    if (view.shape[d] != 1 && view.strides[d] != expected) return false;
    expected *= view.shape[d];
  }
  return true;
}

/** Whether, with dimensions in the order of their strides, each steps over all that lies within it. */
bool ElementsAreApart(const TensorView& view) {
  struct Dim {
    int64_t stride;
    int64_t size;
  };
  Dim dims[kMaxDims];
  int count = 0;
  for (int d = 0; d < view.ndim; ++d) {
    if (view.shape[d] > 1) dims[count++] = {view.strides[d] < 0 ? -view.strides[d] : view.strides[d], view.shape[d]};
  }
  std::sort(dims, dims + count, [](const Dim& a, const Dim& b) { return a.stride < b.stride; });
  int64_t reach = 0;
  for (int i = 0; i < count; ++i) {
    if (dims[i].stride <= reach) return false;
    reach += dims[i].stride * (dims[i].size - 1);
  }
  return true;
}

/** The memory between a tensor's first and last byte. */
struct Extent {
  const char* begin;
  const char* end;
  /** No bytes between elements. */
  bool dense;
};

Extent ExtentOf(const TensorView& view) {
  int64_t low = 0;
  int64_t high = 0;
  for (int d = 0; d < view.ndim; ++d) {
    const int64_t reach = (view.shape[d] - 1) * view.strides[d];
    (reach < 0 ? low : high) += reach;
  }
  const int64_t item = view.item_size();
  return {view.data + low * item, view.data + (high + 1) * item, high - low + 1 == view.count};
}

bool SameElements(const TensorView& a, const TensorView& b) {
  if (a.data != b.data || a.item_size() != b.item_size() || a.ndim != b.ndim) return false;
  for (int d = 0; d < a.ndim; ++d) {
    if (a.shape[d] != b.shape[d] || (a.shape[d] > 1 && a.strides[d] != b.strides[d])) return false;
  }
  return true;
}

}  // namespace

octet_status Checker::NotNull(const char* name, const void* pointer) const {
  if (pointer != nullptr) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is null; it must be given", function_, name);
}

octet_status Checker::Stream(const void* stream) const {
  OCTET_RETURN_IF_ERROR(OnCpu());
  if (stream == nullptr) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: stream is %p, but the tensors are on the cpu; pass null", function_, stream);
}

octet_status Checker::SameDevice(const char* name, const DLTensor& tensor) {
  const int kind = RawValue(tensor.device.device_type);
  if (kind != kDLCPU && kind != kDLCUDA) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is on %s; expected cpu (device type 1) or cuda (2)", function_, name,
                DeviceWords(tensor.device).text);
  }
  if (!seen_) {
    if (kind == kDLCUDA) OCTET_RETURN_IF_ERROR(CheckCudaDevice(function_, name, tensor.device.device_id));
    seen_ = true;
    first_name_ = name;
    device_ = tensor.device;
    return OCTET_OK;
  }
  if (kind == device_.device_type && (kind == kDLCPU || tensor.device.device_id == device_.device_id)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is on %s; expected %s, where %s is: copy it there", function_, name,
              DeviceWords(tensor.device).text, DeviceWords(device_).text, first_name_);
}

octet_status Checker::OnCpu() const {
  if (!on_cuda()) return OCTET_OK;
  return Fail(OCTET_UNSUPPORTED, "%s: %s is on %s, but this function has no CUDA kernel; copy the tensors to the cpu",
              function_, first_name_, DeviceWords(device_).text);
}

octet_status Checker::Tensor(const char* name, const DLTensor* tensor, TypeSet types, Role role, TensorView* view) {
  OCTET_RETURN_IF_ERROR(NotNull(name, tensor));
  OCTET_RETURN_IF_ERROR(SameDevice(name, *tensor));
  return TypeAndLayout(name, *tensor, types, role, view);
}

octet_status Checker::TypeAndLayout(const char* name, const DLTensor& tensor, TypeSet types, Role role,
                                    TensorView* view) const {
  if (!ElementTypeOf(tensor.dtype, &view->type) || (types.mask & Bit(view->type)) == 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has dtype %s; expected %s: convert it first", function_, name,
                TypeWords(tensor.dtype).text, types.words);
  }
  OCTET_RETURN_IF_ERROR(Layout(name, tensor, role, view));
  const bool on_device = RawValue(tensor.device.device_type) == kDLCUDA;
  if (on_device && view->count != 0 && reinterpret_cast<uintptr_t>(view->data) % view->item_size() != 0) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s has its first element at %p; on a CUDA device it must be at a multiple of its size, %d bytes",
                function_, name, static_cast<void*>(view->data), static_cast<int>(view->item_size()));
  }
  return OCTET_OK;
}

octet_status Checker::Layout(const char* name, const DLTensor& tensor, Role role, TensorView* view) const {
  if (tensor.ndim < 0 || tensor.ndim > kMaxDims) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has ndim %d; expected 0 to %d: merge dimensions", function_, name,
                static_cast<int>(tensor.ndim), kMaxDims);
  }
  if (tensor.ndim > 0 && tensor.shape == nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s.shape is null with ndim %d; it must point to %d sizes", function_, name,
                static_cast<int>(tensor.ndim), static_cast<int>(tensor.ndim));
  }
  view->ndim = tensor.ndim;
  view->count = 1;
  bool overflow = false;
  for (int d = 0; d < view->ndim; ++d) {
    const int64_t size = tensor.shape[d];
    if (size < 0) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; sizes must not be negative", function_, name,
                  ListWords(tensor.shape, tensor.ndim).text);
    }
    view->shape[d] = size;
    if (size == 0) view->count = 0;
  }
  if (view->count != 0) {
    for (int d = 0; d < view->ndim; ++d) {
      overflow = overflow || __builtin_mul_overflow(view->count, view->shape[d], &view->count);
    }
    overflow = overflow || view->count > kMaxBytes / view->item_size();
  }
  if (overflow) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s, which is more than 2^60 bytes", function_, name,
                ListWords(tensor.shape, tensor.ndim).text);
  }
  int64_t compact_stride = 1;
  for (int d = view->ndim - 1; d >= 0; --d) {
    view->strides[d] = tensor.strides != nullptr ? tensor.strides[d] : compact_stride;
    if (view->count != 0) compact_stride *= view->shape[d];
  }
  if (view->count == 0) return OCTET_OK;

  int64_t reach = 0;
  for (int d = 0; d < view->ndim; ++d) {
    int64_t extent = 0;
    const int64_t stride = view->strides[d];
    overflow = stride == INT64_MIN ||
               __builtin_mul_overflow(view->shape[d] - 1, stride < 0 ? -stride : stride, &extent) ||
               __builtin_add_overflow(reach, extent, &reach) || reach > kMaxBytes / view->item_size();
    if (overflow) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has strides %s for shape %s, which reach over more than 2^60 bytes",
                  function_, name, ListWords(view->strides, view->ndim).text, ListWords(view->shape, view->ndim).text);
    }
  }
  if (tensor.data == nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s.data is null, but shape %s has elements", function_, name,
                ListWords(tensor.shape, tensor.ndim).text);
  }
  if (tensor.byte_offset > static_cast<uint64_t>(kMaxBytes)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s.byte_offset is %" PRIu64 "; expected at most 2^60", function_, name,
                tensor.byte_offset);
  }
  view->data = static_cast<char*>(tensor.data) + tensor.byte_offset;
  if ((role == Role::kCompactInput || role == Role::kCompactOutput) && !IsCompact(*view)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has strides %s for shape %s; it must be compact and row-major",
                function_, name, ListWords(view->strides, view->ndim).text, ListWords(view->shape, view->ndim).text);
  }
  if (role == Role::kOutput && !ElementsAreApart(*view)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s has strides %s for shape %s: elements share memory, so it can't be written; pass a tensor of "
                "its own, not an expanded or overlapping view",
                function_, name, ListWords(view->strides, view->ndim).text, ListWords(view->shape, view->ndim).text);
  }
  return OCTET_OK;
}

octet_status Checker::SameShape(Named a, Named b) const {
  if (a.view->ndim == b.view->ndim && std::equal(a.view->shape, a.view->shape + a.view->ndim, b.view->shape)) {
    return OCTET_OK;
  }
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected that of %s, %s", function_, a.name,
              ListWords(a.view->shape, a.view->ndim).text, b.name, ListWords(b.view->shape, b.view->ndim).text);
}

octet_status Checker::SameType(Named a, Named b) const {
  if (a.view->type == b.view->type) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has dtype %s; expected that of %s, %s", function_, a.name,
              TypeWords(a.view->type), b.name, TypeWords(b.view->type));
}

octet_status Checker::Count(Named tensor, int64_t count, const char* reason) const {
  if (tensor.view->count == count) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s, %" PRId64 " elements; expected %" PRId64 ", %s", function_,
              tensor.name, ListWords(tensor.view->shape, tensor.view->ndim).text, tensor.view->count, count, reason);
}

octet_status Checker::Axis(const char* name, int32_t axis, Named x) const {
  if (axis >= -1 && axis < x.view->ndim) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s is %d; expected -1 (no axis) or a dimension of %s, which has shape %s (other negative numbers do "
              "not count from the end)",
              function_, name, static_cast<int>(axis), x.name, ListWords(x.view->shape, x.view->ndim).text);
}

octet_status Checker::Scheme(const char* name, const octet_scheme& scheme) const {
  const int value = RawValue(scheme);
  if (value == OCTET_SYMMETRIC || value == OCTET_ASYMMETRIC) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected OCTET_SYMMETRIC (0) or OCTET_ASYMMETRIC (1)", function_,
              name, value);
}

octet_status Checker::ScaleDomain(const char* name, const octet_scale_domain& domain) const {
  const int value = RawValue(domain);
  if (value == OCTET_SCALE_LINEAR || value == OCTET_SCALE_LOG) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected OCTET_SCALE_LINEAR (0) or OCTET_SCALE_LOG (1)", function_,
              name, value);
}

octet_status Checker::Eps(const char* name, float eps) const {
  if (eps > 0.0f && eps < numerics::Infinity()) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %g; expected a finite number above 0, for example 1e-8", function_,
              name, static_cast<double>(eps));
}

octet_status Checker::Bits(const char* name, int32_t n_bits, int32_t least) const {
  if (n_bits >= least && n_bits <= 24) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected %d to 24", function_, name, static_cast<int>(n_bits),
              static_cast<int>(least));
}

octet_status Checker::GridTensors(const octet_grid& grid, GridView* view, const GridNames& names) {
  OCTET_RETURN_IF_ERROR(NotNull(names.delta, grid.delta));
  const auto on_host = [](const DLTensor& tensor) { return RawValue(tensor.device.device_type) == kDLCPU; };
  const auto read = [&](const char* name, const DLTensor& tensor, TensorView* result) {
    if (!(on_cuda() && on_host(tensor))) OCTET_RETURN_IF_ERROR(SameDevice(name, tensor));
    return TypeAndLayout(name, tensor, kF32Only, Role::kCompactInput, result);
  };
  OCTET_RETURN_IF_ERROR(read(names.delta, *grid.delta, &view->delta));
  view->on_host = on_host(*grid.delta);
  view->has_zero_float = grid.zero_float != nullptr;
  if (view->has_zero_float) {
    OCTET_RETURN_IF_ERROR(read(names.zero_float, *grid.zero_float, &view->zero_float));
    OCTET_RETURN_IF_ERROR(
        Count({names.zero_float, &view->zero_float}, view->delta.count, "as many as the delta beside it"));
    if (on_host(*grid.zero_float) != view->on_host) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is on %s; expected %s, where %s is", function_, names.zero_float,
                  DeviceWords(grid.zero_float->device).text, DeviceWords(grid.delta->device).text, names.delta);
    }
  }
  if (!on_cuda() || !view->on_host || view->delta.count == 1) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: %s has shape %s and is on cpu; expected %s, where %s is, for a grid of more than one element",
              function_, names.delta, ListWords(view->delta.shape, view->delta.ndim).text, DeviceWords(device_).text,
              first_name_);
}

octet_status Checker::Grid(const octet_grid* grid, const Named* x, GridView* view, const GridNames& names) {
  OCTET_RETURN_IF_ERROR(NotNull(names.grid, grid));
  OCTET_RETURN_IF_ERROR(GridTensors(*grid, view, names));
  constexpr float kLargest = 16777216.0f;
  if (!(grid->int_min >= -kLargest && grid->int_min <= grid->int_max && grid->int_max <= kLargest)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s.int_min is %.9g and %s.int_max %.9g; expected -2^24 <= int_min <= int_max <= 2^24: "
                "octet_grid_limits gives those of a number of bits",
                function_, names.grid, static_cast<double>(grid->int_min), names.grid,
                static_cast<double>(grid->int_max));
  }
  OCTET_RETURN_IF_ERROR(ScaleDomain(names.scale_domain, grid->scale_domain));
  OCTET_RETURN_IF_ERROR(Eps(names.eps, grid->eps));
  view->limits = {grid->int_min, grid->int_max};
  view->log_domain = grid->scale_domain == OCTET_SCALE_LOG;
  view->eps = grid->eps;
  view->axis = -1;
  if (x == nullptr) return OCTET_OK;

  OCTET_RETURN_IF_ERROR(Axis(names.axis, grid->axis, *x));
  view->axis = grid->axis;
  if (grid->axis == -1) return Count({names.delta, &view->delta}, 1, "because its axis is -1");
  const int64_t size = x->view->shape[grid->axis];
  const int64_t groups = view->delta.count;
  if (groups == 0 ? size != 0 : size % groups != 0) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s has %" PRId64 " elements; expected a divisor of %" PRId64 ", the size of dimension %d of %s",
                function_, names.delta, groups, size, static_cast<int>(grid->axis), x->name);
  }
  return OCTET_OK;
}

octet_status Checker::RowsWithoutGaps(Named tensor) const {
  const TensorView& view = *tensor.view;
  if (view.count == 0 || view.shape[view.ndim - 1] == 1 || view.strides[view.ndim - 1] == 1) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has strides %s for shape %s; the last stride must be 1: make it compact",
              function_, tensor.name, ListWords(view.strides, view.ndim).text, ListWords(view.shape, view.ndim).text);
}

octet_status Checker::DimsWithoutGaps(Named tensor, int dims) const {
  const TensorView& view = *tensor.view;
  if (view.count == 0) return OCTET_OK;
  int64_t expected = 1;
  for (int d = view.ndim - 1; d >= view.ndim - dims; --d) {
    if (view.shape[d] != 1 && view.strides[d] != expected) {
      return Fail(OCTET_INVALID_ARGUMENT,
                  "%s: %s has strides %s for shape %s; the last %d dimensions must lie without gaps: make it compact",
                  function_, tensor.name, ListWords(view.strides, view.ndim).text,
                  ListWords(view.shape, view.ndim).text, dims);
    }
    expected *= view.shape[d];
  }
  return OCTET_OK;
}

octet_status Checker::Ndim(Named tensor, int ndim, const char* meaning) const {
  if (tensor.view->ndim == ndim) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s has shape %s; expected %d dimensions, %s", function_, tensor.name,
              ListWords(tensor.view->shape, tensor.view->ndim).text, ndim, meaning);
}

octet_status Checker::Workspace(const void* workspace, size_t bytes, size_t needed) const {
  if (bytes < needed) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: workspace_bytes is %zu; expected at least %zu, which the function's twin "
                "for the size of its workspace says",
                function_, bytes, needed);
  }
  if (needed != 0) OCTET_RETURN_IF_ERROR(NotNull("workspace", workspace));
  if (reinterpret_cast<uintptr_t>(workspace) % 64 != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: workspace is %p; expected an address divisible by 64", function_,
                workspace);
  }
  return OCTET_OK;
}

octet_status Checker::NoOverlap(std::initializer_list<Named> outputs, std::initializer_list<Named> inputs,
                                const TensorView* in_place) const {
  const auto clash = [](const TensorView& a, const TensorView& b) {
    if (a.count == 0 || b.count == 0) return false;
    if (SameElements(a, b)) return true;
    const Extent first = ExtentOf(a);
    const Extent second = ExtentOf(b);
    // Tensors with gaps may interleave without sharing an element; that they do not is left to the caller.
    return first.dense && second.dense && first.begin < second.end && second.begin < first.end;
  };
  for (const Named* output = outputs.begin(); output != outputs.end(); ++output) {
    if (output->view == nullptr) continue;
    for (const Named& input : inputs) {
      if (input.view == nullptr || !clash(*output->view, *input.view)) continue;
      const bool may_share = output->view == in_place && input.view == inputs.begin()->view;
      if (may_share && SameElements(*output->view, *input.view)) continue;
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s shares memory with %s%s; pass a tensor of its own", function_,
                  output->name, input.name, may_share ? " but not with the same strides" : "");
    }
    for (const Named* other = outputs.begin(); other != output; ++other) {
      if (other->view == nullptr || !clash(*output->view, *other->view)) continue;
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s shares memory with %s; pass a tensor of its own", function_,
                  output->name, other->name);
    }
  }
  return OCTET_OK;
}

}  // namespace api
}  // namespace octet
