// SPDX-License-Identifier: Apache-2.0
#include "octet/conv2d_float.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/conv2d_geometry.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/operand.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_conv2d_float.h"
#include "cpu/conv2d_float.h"

namespace octet {
namespace api {
namespace {

/** Weights a channel of the output: sizes of blocks stay far from overflow. */
constexpr int64_t kMostWeights = int64_t{1} << 28;

bool FilterFits(int64_t channels, int64_t kernel_h, int64_t kernel_w) {
  if (channels > kMostWeights || kernel_h > kMostWeights || kernel_w > kMostWeights) return false;
  const int64_t taps = kernel_h * kernel_w;
  return taps <= kMostWeights && taps * channels <= kMostWeights;
}

octet_status ReadWeights(Checker* check, const DLTensor* weights, bool data, TensorView* view,
                         Conv2dGeometry* geometry) {
  DLTensor shape_only;
  if (!data && weights != nullptr) {
    shape_only = *weights;
    // Any address that is not null: it is not used.
    if (shape_only.data == nullptr) shape_only.data = &shape_only;
    weights = &shape_only;
  }
  OCTET_RETURN_IF_ERROR(check->Tensor("weights", weights, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim({"weights", view}, 4, "[Cout, Cin / groups, kernel height, kernel width]"));
  if (view->shape[2] < 1 || view->shape[3] < 1) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: weights has shape %s; expected a kernel of at least one tap",
                check->function(), ListWords(view->shape, 4).text);
  }
  if (view->shape[0] > kMostConv2dChannels || !FilterFits(view->shape[1], view->shape[2], view->shape[3])) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: weights has shape %s; expected Cout up to %" PRId64
                " and Cin / groups * height * width up to %" PRId64,
                check->function(), ListWords(view->shape, 4).text, kMostConv2dChannels, kMostWeights);
  }
  return ReadFilters(*check, *view, geometry);
}

int64_t BytesOf(const Conv2dGeometry& geometry) {
  return static_cast<int64_t>(sizeof(PackedFloatConv2dHeader)) +
         geometry.blocks() * PackedFloatConv2d::BlockBytes(geometry);
}

octet_status PackSize(const DLTensor* weights, const octet_conv2d_params* params, size_t* bytes) {
  Checker check("octet_conv2d_float_pack_size");
  TensorView view;
  Conv2dGeometry geometry;
  OCTET_RETURN_IF_ERROR(ReadConv2dParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, false, &view, &geometry));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = static_cast<size_t>(BytesOf(geometry));
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
  header.bytes = BytesOf(geometry);
  header.in_channels = geometry.in_channels;
  header.out_channels = geometry.out_channels;
  header.kernel_h = geometry.kernel_h;
  header.kernel_w = geometry.kernel_w;
  static_assert(sizeof(header.params) == sizeof(octet_conv2d_params), "the same members");
  std::memcpy(header.params, params, sizeof(header.params));
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

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: packed %s; expected a block made by octet_conv2d_float_pack of this version (%u)", check.function(),
              what, kPackedFloatConv2dVersion);
}

bool HeaderIsPossible(const Checker& check, const PackedFloatConv2dHeader& header, Conv2dGeometry* geometry) {
  octet_conv2d_params params;
  std::memcpy(&params, header.params, sizeof(params));
  if (ReadConv2dParams(check, &params, geometry) != OCTET_OK) return false;
  const auto within = [](int64_t value, int64_t least) { return value >= least && value <= kMostConv2dChannels; };
  if (!within(header.in_channels, 0) || !within(header.out_channels, 0) || !within(header.kernel_h, 1) ||
      !within(header.kernel_w, 1)) {
    return false;
  }
  geometry->in_channels = header.in_channels;
  geometry->out_channels = header.out_channels;
  geometry->kernel_h = header.kernel_h;
  geometry->kernel_w = header.kernel_w;
  return geometry->in_channels % geometry->groups == 0 && geometry->out_channels % geometry->groups == 0 &&
         FilterFits(geometry->group_in(), header.kernel_h, header.kernel_w) && header.bytes == BytesOf(*geometry);
}

octet_status ReadPacked(const Checker& check, const void* packed, size_t packed_bytes, PackedFloatConv2d* result) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedFloatConv2dHeader header;
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kPackedFloatConv2dMagic, sizeof(header.magic)) != 0) {
    return BadPacked(check, "does not begin with a header");
  }
  if (header.version != kPackedFloatConv2dVersion) return BadPacked(check, "has another version");
  if (!HeaderIsPossible(check, header, &result->geometry)) {
    return BadPacked(check, "has a header with impossible values");
  }
  if (packed_bytes < static_cast<size_t>(header.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  result->blocks = static_cast<const char*>(packed) + sizeof(header);
  return OCTET_OK;
}

octet_status ReadInput(Checker* check, const DLTensor* x, const Conv2dGeometry& geometry, TensorView* view,
                       int64_t* out_h, int64_t* out_w) {
  OCTET_RETURN_IF_ERROR(check->Tensor("x", x, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim({"x", view}, 4, "[N, H, W, Cin]"));
  if (view->shape[3] != geometry.in_channels) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: x has shape %s; expected [N, H, W, %" PRId64 "], Cin of the packed weights", check->function(),
                ListWords(view->shape, 4).text, geometry.in_channels);
  }
  OCTET_RETURN_IF_ERROR(Conv2dOutSize(*check, geometry, "x", view->shape[1], view->shape[2], out_h, out_w));
  if (!cpu::Conv2dFits(geometry, *out_h, *out_w)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: x has shape %s, which with padding is more than 2^60 bytes",
                check->function(), ListWords(view->shape, 4).text);
  }
  return OCTET_OK;
}

octet_status WorkspaceSize(const DLTensor* x, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_conv2d_float_workspace_size");
  PackedFloatConv2d weights;
  TensorView view;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights.geometry, &view, &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = cpu::FloatConv2dWorkspaceSize(weights, view.shape[0], out_h, out_w);
  return OCTET_OK;
}

octet_status Conv2d(const DLTensor* x, const octet_grid* x_grid, const void* packed, size_t packed_bytes,
                    const octet_epilogue* epilogue, const DLTensor* out, void* workspace, size_t workspace_bytes,
                    void* stream) {
  Checker check("octet_conv2d_float");
  PackedFloatConv2d weights;
  Operand input;
  Conv2dArguments arguments;
  EpilogueTensors tensors;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &weights));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights.geometry, &input.view, &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(ReadGridOf(&check, {"x", x, x_grid, OCTET_GRID_NAMES("x_grid")}, &input));
  const TensorView& view = input.view;
  const int64_t expected[4] = {view.shape[0], out_h, out_w, weights.geometry.out_channels};
  OCTET_RETURN_IF_ERROR(ReadEpilogue(&check, epilogue, out, weights.geometry.out_channels, &tensors,
                                     &arguments.epilogue, ColumnStride::kAny));
  if (tensors.out.ndim != 4 || std::memcmp(tensors.out.shape, expected, sizeof(expected)) != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: out has shape %s; expected %s", check.function(),
                ListWords(tensors.out.shape, tensors.out.ndim).text, ListWords(expected, 4).text);
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap(
      {{"out", &tensors.out}},
      {{"epilogue.residual", &tensors.residual}, {"x", &view}, {"epilogue.bias", &tensors.bias}}, &tensors.out));
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  OCTET_RETURN_IF_ERROR(
      check.Workspace(workspace, workspace_bytes, cpu::FloatConv2dWorkspaceSize(weights, view.shape[0], out_h, out_w)));
  arguments.x = view;
  arguments.step = input.step;
  arguments.out = tensors.out;
  arguments.residual = tensors.residual;
  cpu::FloatConv2d(arguments, weights, static_cast<char*>(workspace));
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
