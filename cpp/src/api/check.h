// SPDX-License-Identifier: Apache-2.0
// Checks of arguments. Every message names the function and the argument, says what it was and what was expected.
#ifndef OCTET_API_CHECK_H_
#define OCTET_API_CHECK_H_

#include <initializer_list>

#include "core/grid_view.h"
#include "core/tensor_view.h"
#include "octet/grid.h"

namespace octet {
namespace api {

/** What a function does with a tensor, and so what layouts it may have. */
enum class Role {
  /** Read; any strides. */
  kInput,
  /** Read; row-major without gaps. */
  kCompactInput,
  /** Written; any strides that give every element memory of its own. */
  kOutput,
  /** Written; row-major without gaps. */
  kCompactOutput,
};

/** A set of element types and its name in messages. */
struct TypeSet {
  unsigned mask;
  const char* words;
};

constexpr unsigned Bit(ElementType type) { return 1u << static_cast<unsigned>(type); }

constexpr TypeSet kFloatTypes = {Bit(ElementType::kF32) | Bit(ElementType::kF16) | Bit(ElementType::kBF16),
                                 "f32, f16 or bf16"};
constexpr TypeSet kF32Only = {Bit(ElementType::kF32), "f32"};
constexpr TypeSet kIntegerTypes = {Bit(ElementType::kS32) | Bit(ElementType::kS64), "s32 or s64"};
constexpr TypeSet kMaskTypes = {Bit(ElementType::kBool) | Bit(ElementType::kU8), "bool or u8"};
constexpr TypeSet kF32OrF64 = {Bit(ElementType::kF32) | Bit(ElementType::kF64), "f32 or f64"};
constexpr TypeSet kByteTypes = {Bit(ElementType::kS8) | Bit(ElementType::kU8), "s8 or u8"};
constexpr TypeSet kFloatOrByteTypes = {kFloatTypes.mask | kByteTypes.mask, "f32, f16, bf16, s8 or u8"};
constexpr TypeSet kCodeTypes = {
    Bit(ElementType::kS8) | Bit(ElementType::kU8) | Bit(ElementType::kS32) | Bit(ElementType::kF32),
    "s8, u8, s32 or f32"};

/** A tensor and its name in messages. */
struct Named {
  const char* name;
  const TensorView* view;
};

/** What a grid and its fields are called in messages. */
struct GridNames {
  const char* grid;
  const char* delta;
  const char* zero_float;
  const char* scale_domain;
  const char* eps;
  const char* axis;
};

constexpr GridNames kGridNames = {"grid",     "grid.delta", "grid.zero_float", "grid.scale_domain",
                                  "grid.eps", "grid.axis"};

/** The checks of one call. Functions return OCTET_OK or keep a message and return what is wrong. */
class Checker {
 public:
  explicit Checker(const char* function) : function_(function) {}

  octet_status NotNull(const char* name, const void* pointer) const;
  /** For what runs on the cpu: fails with tensors on a device, and with a stream. */
  octet_status Stream(const void* stream) const;

  /** Checks everything about one tensor that can be told without the others. */
  octet_status Tensor(const char* name, const DLTensor* tensor, TypeSet types, Role role, TensorView* view);

  octet_status SameShape(Named a, Named b) const;
  octet_status SameType(Named a, Named b) const;
  octet_status Count(Named tensor, int64_t count, const char* reason) const;
  octet_status Axis(const char* name, int32_t axis, Named x) const;

  /** Checks a grid; x may be null (then the axis is not looked at). Next to tensors on a device, grids of a single
   * element may be in host memory. */
  octet_status Grid(const octet_grid* grid, const Named* x, GridView* view, const GridNames& names = kGridNames);

  /** The last dimension has no gaps; what lies before it may have any strides. */
  octet_status RowsWithoutGaps(Named tensor) const;
  /** The last `dims` dimensions have no gaps; 1 <= dims <= ndim. */
  octet_status DimsWithoutGaps(Named tensor, int dims) const;
  octet_status Ndim(Named tensor, int ndim, const char* meaning) const;
  /** Fails with tensors on a device. */
  octet_status OnCpu() const;
  /** Whether the tensors are on a CUDA device, and which. */
  bool on_cuda() const { return seen_ && device_.device_type == kDLCUDA; }
  int32_t cuda_device() const { return device_.device_id; }

  octet_status Workspace(const void* workspace, size_t bytes, size_t needed) const;
  const char* function() const { return function_; }

  octet_status Scheme(const char* name, const octet_scheme& scheme) const;
  octet_status ScaleDomain(const char* name, const octet_scale_domain& domain) const;
  octet_status Eps(const char* name, float eps) const;
  octet_status Bits(const char* name, int32_t n_bits, int32_t least) const;

  /** No output may share memory with another tensor, save that `in_place` (may be null) may be written over x. */
  octet_status NoOverlap(std::initializer_list<Named> outputs, std::initializer_list<Named> inputs,
                         const TensorView* in_place) const;

 private:
  octet_status SameDevice(const char* name, const DLTensor& tensor);
  octet_status TypeAndLayout(const char* name, const DLTensor& tensor, TypeSet types, Role role,
                             TensorView* view) const;
  octet_status Layout(const char* name, const DLTensor& tensor, Role role, TensorView* view) const;
  octet_status GridTensors(const octet_grid& grid, GridView* view, const GridNames& names);

  const char* function_;
  /** The first tensor and its device, where the others must be too. */
  bool seen_ = false;
  DLDevice device_ = {kDLCPU, 0};
  const char* first_name_ = "";
};

}  // namespace api
}  // namespace octet

#endif  // OCTET_API_CHECK_H_
