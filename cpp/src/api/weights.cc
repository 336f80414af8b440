// SPDX-License-Identifier: Apache-2.0
#include "api/weights.h"

#include <cinttypes>
#include <cstring>

#include "api/epilogue.h"
#include "api/error.h"
#include "core/packed_gemm.h"
#include "core/raw_value.h"

namespace octet {
namespace api {

int64_t MostProducts(int bits, bool has_zero_points) {
  const int64_t weight = bits == 8 ? (has_zero_points ? 255 : 128) : (has_zero_points ? 15 : 8);
  return INT32_MAX / (255 * weight);
}

octet_status ReadFormat(const Checker& check, const octet_weight_format& format, int* bits) {
  const int value = RawValue(format);
  if (value != OCTET_WEIGHTS_8_BIT && value != OCTET_WEIGHTS_4_BIT) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: format is %d; expected OCTET_WEIGHTS_8_BIT (0) or OCTET_WEIGHTS_4_BIT (1)",
                check.function(), value);
  }
  *bits = value == OCTET_WEIGHTS_8_BIT ? 8 : 4;
  return OCTET_OK;
}

octet_status ReadWeightTensor(Checker* check, const DLTensor* weights, TypeSet types, int ndim, const char* meaning,
                              bool data, TensorView* view) {
  DLTensor shape_only;
  if (!data && weights != nullptr) {
    shape_only = *weights;
    // Any address that is not null: it is not used.
    if (shape_only.data == nullptr) shape_only.data = &shape_only;
    weights = &shape_only;
  }
  OCTET_RETURN_IF_ERROR(check->Tensor("weights", weights, types, Role::kInput, view));
  if (data) OCTET_RETURN_IF_ERROR(check->OnCpu());
  return check->Ndim({"weights", view}, ndim, meaning);
}

octet_status ReadWeightGrid(Checker* check, const octet_grid* grid, const TensorView& weights, GridView* view,
                            const char* name) {
  const Named named = {name, &weights};
  OCTET_RETURN_IF_ERROR(check->Grid(grid, &named, view));
  if (view->axis > 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: grid.axis is %d; expected 0 (rows of weights) or -1", check->function(),
                view->axis);
  }
  OCTET_RETURN_IF_ERROR(GridWithinBytes(*check, *view, weights.type, kGridNames));
  for (int64_t i = 0; view->has_zero_float && i < view->delta.count; ++i) {
    float value;
    std::memcpy(&value, view->zero_float.data + i * 4, sizeof(value));
    if (numerics::IsNan(value)) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: grid.zero_float has NaN at element %" PRId64 "; expected numbers",
                  check->function(), i);
    }
  }
  return OCTET_OK;
}

octet_status Aligned(const Checker& check, const char* name, const void* pointer) {
  OCTET_RETURN_IF_ERROR(check.NotNull(name, pointer));
  if (reinterpret_cast<uintptr_t>(pointer) % kPackAlignment == 0) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %p; expected an address divisible by 64", check.function(), name,
              pointer);
}

octet_status BadHalfByte(const Checker& check, ElementType type) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: weights has a code that half a byte can't hold; expected %s, or format "
              "OCTET_WEIGHTS_8_BIT",
              check.function(), type == ElementType::kS8 ? "-8..7" : "0..15");
}

}  // namespace api
}  // namespace octet
