// SPDX-License-Identifier: Apache-2.0
#include "octet/conv2d_float.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/conv2d_geometry.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/placed_conv2d_float.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_conv2d_float.h"
#include "cpu/conv2d_float.h"

namespace octet {
namespace api {
namespace {

octet_status ReadWeights(Checker* check, const DLTensor* weights, bool data, TensorView* view,
                         Conv2dGeometry* geometry) {
  OCTET_RETURN_IF_ERROR(ReadConv2dWeights(check, weights, kFloatOrByteTypes, data, view));
  if (view->shape[0] > kMostConv2dChannels || !FloatFilterFits(view->shape[1], view->shape[2], view->shape[3])) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: weights has shape %s; expected Cout up to %" PRId64
                " and Cin / groups * height * width up to %" PRId64,
                check->function(), ListWords(view->shape, 4).text, kMostConv2dChannels, kMostFilterWeights);
  }
  return ReadFilters(*check, *view, geometry);
}

octet_status PackSize(const DLTensor* weights, const octet_conv2d_params* params, size_t* bytes) {
  Checker check("octet_conv2d_float_pack_size");
  TensorView view;
  Conv2dGeometry geometry;
  OCTET_RETURN_IF_ERROR(ReadConv2dParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, false, &view, &geometry));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(PackedFloatConv2dBytes(geometry));
  return OCTET_OK;
}

octet_status Pack(const DLTensor* weights, const octet_grid* grid, const octet_conv2d_params* params, void* packed,
                  size_t packed_bytes) {
  Checker check("octet_conv2d_float_pack");
  TensorView view;
  GridView grid_view;
  Conv2dGeometry geometry;
  OCTET_RETURN_IF_ERROR(ReadConv2dParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, true, &view, &geometry));
  const bool codes = IsCode(view.type);
  if (codes) {
    OCTET_RETURN_IF_ERROR(ReadWeightGrid(&check, grid, view, &grid_view));
  } else if (grid != nullptr) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: grid is given, but weights has dtype %s; pass null", check.function(),
                TypeWords(view.type));
  }
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedFloatConv2dHeader header = {};
  std::memcpy(header.magic, kPackedFloatConv2dMagic, sizeof(header.magic));
  header.version = kPackedFloatConv2dVersion;
  header.bytes = PackedFloatConv2dBytes(geometry);
  WriteGeometry(geometry, &header);
  if (packed_bytes < static_cast<size_t>(header.bytes)) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_conv2d_float_pack: packed_bytes is %zu; expected at least %" PRId64
                ", which octet_conv2d_float_pack_size says",
                packed_bytes, header.bytes);
  }
  cpu::PackFloatConv2d(view, codes ? &grid_view : nullptr, geometry, static_cast<char*>(packed) + sizeof(header));
  std::memcpy(packed, &header, sizeof(header));
  return OCTET_OK;
}

octet_status ReadInput(Checker* check, const DLTensor* x, const PlacedFloatConv2d& weights, TensorView* view,
                       int64_t* out_h, int64_t* out_w) {
  OCTET_RETURN_IF_ERROR(ReadConv2dInput(check, x, weights.geometry, view, out_h, out_w));
  return SamePlace(*check, weights);
}

/** Bytes of workspace for x. */
octet_status WorkspaceBytes(const Checker& check, const TensorView& x, const PlacedFloatConv2d& weights, int64_t out_h,
                            int64_t out_w, size_t* bytes) {
  if (weights.on_device) {
    return RunOnCuda(check, nullptr, CudaTable()->conv2d_float.workspace_size, &x, &weights.device, out_h, out_w,
                     bytes);
  }
  *bytes = cpu::FloatConv2dWorkspaceSize(weights.on_host, x.shape[0], out_h, out_w);
  return OCTET_OK;
}

octet_status WorkspaceSize(const DLTensor* x, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_conv2d_float_workspace_size");
  PlacedFloatConv2d weights;
  TensorView view;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPlacedFloatConv2d(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights, &view, &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, view, weights, out_h, out_w, bytes);
}

octet_status Conv2d(const DLTensor* x, const octet_grid* x_grid, const void* packed, size_t packed_bytes,
                    const octet_epilogue* epilogue, const DLTensor* out, void* workspace, size_t workspace_bytes,
                    void* stream) {
  Checker check("octet_conv2d_float");
  PlacedFloatConv2d weights;
  Operand input;
  Conv2dArguments arguments;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPlacedFloatConv2d(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights, &input.view, &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, &input));
  arguments.x = input.view;
  arguments.step = input.step;
  OCTET_RETURN_IF_ERROR(ReadConv2dOutput(&check, epilogue, out, weights.geometry, out_h, out_w, &arguments));
  if (!weights.on_device) OCTET_RETURN_IF_ERROR(check.Stream(stream));
  size_t needed = 0;
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, arguments.x, weights, out_h, out_w, &needed));
  OCTET_RETURN_IF_ERROR(check.Workspace(workspace, workspace_bytes, needed));
  if (weights.on_device) {
    return RunOnCuda(check, stream, CudaTable()->conv2d_float.run, &arguments, &weights.device, workspace);
  }
  cpu::FloatConv2d(arguments, weights.on_host, static_cast<char*>(workspace));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_conv2d_float_pack_size(const DLTensor* weights, const octet_conv2d_params* params, size_t* bytes) {
  return octet::api::Guarded("octet_conv2d_float_pack_size",
                             [&] { return octet::api::PackSize(weights, params, bytes); });
}

octet_status octet_conv2d_float_pack(const DLTensor* weights, const octet_grid* grid, const octet_conv2d_params* params,
                                     void* packed, size_t packed_bytes) {
  return octet::api::Guarded("octet_conv2d_float_pack",
                             [&] { return octet::api::Pack(weights, grid, params, packed, packed_bytes); });
}

octet_status octet_conv2d_float_workspace_size(const DLTensor* x, const void* packed, size_t packed_bytes,
                                               size_t* bytes) {
  return octet::api::Guarded("octet_conv2d_float_workspace_size",
                             [&] { return octet::api::WorkspaceSize(x, packed, packed_bytes, bytes); });
}

octet_status octet_conv2d_float(const DLTensor* x, const octet_grid* x_grid, const void* packed, size_t packed_bytes,
                                const octet_epilogue* epilogue, DLTensor* out, void* workspace, size_t workspace_bytes,
                                void* stream) {
  return octet::api::Guarded("octet_conv2d_float", [&] {
    return octet::api::Conv2d(x, x_grid, packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream);
  });
}
