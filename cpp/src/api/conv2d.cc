// SPDX-License-Identifier: Apache-2.0
#include "octet/conv2d.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/conv2d_geometry.h"
#include "api/cuda_library.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/placed_conv2d.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_conv2d.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

constexpr GridNames kInputGridNames = {"x_grid",     "x_grid.delta", "x_grid.zero_float", "x_grid.scale_domain",
                                       "x_grid.eps", "x_grid.axis"};

octet_status FilterTooLarge(const Checker& check, const TensorView& weights, int64_t most, const char* with) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: weights has shape %s; expected Cout up to %" PRId64
              " and Cin / groups * height * width up to %" PRId64 "%s, or sums could overflow",
              check.function(), ListWords(weights.shape, 4).text, kMostConv2dChannels, most, with);
}

octet_status ReadWeights(Checker* check, const DLTensor* weights, int bits, bool data, TensorView* view,
                         Conv2dGeometry* geometry) {
  OCTET_RETURN_IF_ERROR(ReadConv2dWeights(check, weights, kByteTypes, data, view));
  const int64_t most = MostProducts(bits, false);
  if (view->shape[0] > kMostConv2dChannels || !Conv2dFilterFits(view->shape[1], view->shape[2], view->shape[3], most)) {
    return FilterTooLarge(*check, *view, most, "");
  }
  return ReadFilters(*check, *view, geometry);
}

octet_status PackSize(const DLTensor* weights, const octet_conv2d_params* params, const octet_weight_format& format,
                      size_t* bytes) {
  Checker check("octet_conv2d_pack_size");
  TensorView view;
  Conv2dGeometry geometry;
  int bits = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadConv2dParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, false, &view, &geometry));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  // Whether there are zero points is known when the grid is: blocks with them take more.
  *bytes = static_cast<size_t>(PackedConv2dBytes(geometry, bits, true));
  return OCTET_OK;
}

octet_status Pack(const DLTensor* weights, const octet_grid* grid, const octet_conv2d_params* params,
                  const octet_weight_format& format, void* packed, size_t packed_bytes) {
  Checker check("octet_conv2d_pack");
  TensorView view;
  GridView grid_view;
  Conv2dGeometry geometry;
  int bits = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadConv2dParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, true, &view, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeightGrid(&check, grid, view, &grid_view));
  const bool has_zero_points = cpu::GemmHasZeroPoints(grid_view, view.type, bits);
  const int64_t most = MostProducts(bits, has_zero_points);
  if (!Conv2dFilterFits(view.shape[1], view.shape[2], view.shape[3], most)) {
    return FilterTooLarge(check, view, most, " with zero points");
  }
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  const size_t needed = static_cast<size_t>(PackedConv2dBytes(geometry, bits, true));
  if (packed_bytes < needed) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "octet_conv2d_pack: packed_bytes is %zu; expected at least %zu, which octet_conv2d_pack_size says",
                packed_bytes, needed);
  }
  std::memset(packed, 0, needed);
  PackedConv2dHeader header = {};
  std::memcpy(header.magic, kPackedConv2dMagic, sizeof(header.magic));
  header.version = kPackedConv2dVersion;
  header.bits = static_cast<uint32_t>(bits);
  header.has_zero_points = has_zero_points ? 1 : 0;
  header.bytes = PackedConv2dBytes(geometry, bits, has_zero_points);
  WriteGeometry(geometry, &header);
  if (!cpu::PackConv2d(view, grid_view, geometry, bits, has_zero_points, static_cast<char*>(packed) + sizeof(header))) {
    return BadHalfByte(check, view.type);
  }
  std::memcpy(packed, &header, sizeof(header));
  return OCTET_OK;
}

octet_status PackedInfo(const void* packed, size_t packed_bytes, octet_conv2d_info* info) {
  Checker check("octet_conv2d_packed_info");
  PlacedConv2d weights;
  OCTET_RETURN_IF_ERROR(ReadPlacedConv2d(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("info", info));
  const Conv2dGeometry& geometry = weights.geometry;
  *info = {Conv2dParamsOf(geometry),
           geometry.in_channels,
           geometry.out_channels,
           geometry.kernel_h,
           geometry.kernel_w,
           weights.bits == 8 ? OCTET_WEIGHTS_8_BIT : OCTET_WEIGHTS_4_BIT,
           weights.has_zero_points ? 1 : 0,
           weights.bytes};
  return OCTET_OK;
}

octet_status OutSize(const void* packed, size_t packed_bytes, int64_t in_h, int64_t in_w, int64_t* out_h,
                     int64_t* out_w) {
  Checker check("octet_conv2d_out_size");
  PlacedConv2d weights;
  OCTET_RETURN_IF_ERROR(ReadPlacedConv2d(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(check.NotNull("out_h", out_h));
  OCTET_RETURN_IF_ERROR(check.NotNull("out_w", out_w));
  return Conv2dOutSize(check, weights.geometry, "the input (in_h x in_w)", in_h, in_w, out_h, out_w);
}

octet_status ReadInput(Checker* check, const DLTensor* x, const PlacedConv2d& weights, TensorView* view, int64_t* out_h,
                       int64_t* out_w) {
  OCTET_RETURN_IF_ERROR(ReadConv2dInput(check, x, weights.geometry, view, out_h, out_w));
  return SamePlace(*check, weights);
}

/** Bytes of workspace for x. */
octet_status WorkspaceBytes(const Checker& check, const TensorView& x, const PlacedConv2d& weights, int64_t out_h,
                            int64_t out_w, size_t* bytes) {
  if (!weights.on_device) {
    *bytes = cpu::Conv2dWorkspaceSize(weights.on_host, x.shape[0], out_h, out_w);
    return OCTET_OK;
  }
  return RunOnCuda(check, nullptr, CudaTable()->conv2d.workspace_size, &x, &weights.device, out_h, out_w, bytes);
}

octet_status WorkspaceSize(const DLTensor* x, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_conv2d_workspace_size");
  PlacedConv2d weights;
  TensorView view;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPlacedConv2d(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights, &view, &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  return WorkspaceBytes(check, view, weights, out_h, out_w, bytes);
}

octet_status Conv2d(const DLTensor* x, const octet_grid* x_grid, const void* packed, size_t packed_bytes,
                    const octet_epilogue* epilogue, const DLTensor* out, void* workspace, size_t workspace_bytes,
                    void* stream) {
  Checker check("octet_conv2d");
  PlacedConv2d weights;
  Conv2dArguments arguments;
  CodeGrid grid;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPlacedConv2d(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights, &arguments.x, &out_h, &out_w));
  const TensorView& x_view = arguments.x;
  OCTET_RETURN_IF_ERROR(ReadCodeGrid(&check, x_grid, x_view.type, kInputGridNames, &grid));
  arguments.step = grid.step;
  arguments.limits = grid.limits;
  OCTET_RETURN_IF_ERROR(ReadConv2dOutput(&check, epilogue, out, weights.geometry, out_h, out_w, &arguments));
  if (!weights.on_device) OCTET_RETURN_IF_ERROR(check.Stream(stream));
  size_t needed = 0;
  OCTET_RETURN_IF_ERROR(WorkspaceBytes(check, x_view, weights, out_h, out_w, &needed));
  OCTET_RETURN_IF_ERROR(check.Workspace(workspace, workspace_bytes, needed));
  if (weights.on_device) {
    return RunOnCuda(check, stream, CudaTable()->conv2d.run, &arguments, &weights.device, workspace);
  }
  cpu::Conv2d(arguments, weights.on_host, static_cast<char*>(workspace));
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_conv2d_pack_size(const DLTensor* weights, const octet_conv2d_params* params,
                                    octet_weight_format format, size_t* bytes) {
  return octet::api::Guarded("octet_conv2d_pack_size",
                             [&] { return octet::api::PackSize(weights, params, format, bytes); });
}

octet_status octet_conv2d_pack(const DLTensor* weights, const octet_grid* grid, const octet_conv2d_params* params,
                               octet_weight_format format, void* packed, size_t packed_bytes) {
  return octet::api::Guarded("octet_conv2d_pack",
                             [&] { return octet::api::Pack(weights, grid, params, format, packed, packed_bytes); });
}

octet_status octet_conv2d_packed_info(const void* packed, size_t packed_bytes, octet_conv2d_info* info) {
  return octet::api::Guarded("octet_conv2d_packed_info",
                             [&] { return octet::api::PackedInfo(packed, packed_bytes, info); });
}

octet_status octet_conv2d_out_size(const void* packed, size_t packed_bytes, int64_t in_h, int64_t in_w, int64_t* out_h,
                                   int64_t* out_w) {
  return octet::api::Guarded("octet_conv2d_out_size",
                             [&] { return octet::api::OutSize(packed, packed_bytes, in_h, in_w, out_h, out_w); });
}

octet_status octet_conv2d_workspace_size(const DLTensor* x, const void* packed, size_t packed_bytes, size_t* bytes) {
  return octet::api::Guarded("octet_conv2d_workspace_size",
                             [&] { return octet::api::WorkspaceSize(x, packed, packed_bytes, bytes); });
}

octet_status octet_conv2d(const DLTensor* x, const octet_grid* x_grid, const void* packed, size_t packed_bytes,
                          const octet_epilogue* epilogue, DLTensor* out, void* workspace, size_t workspace_bytes,
                          void* stream) {
  return octet::api::Guarded("octet_conv2d", [&] {
    return octet::api::Conv2d(x, x_grid, packed, packed_bytes, epilogue, out, workspace, workspace_bytes, stream);
  });
}
