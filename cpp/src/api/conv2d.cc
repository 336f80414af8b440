// SPDX-License-Identifier: Apache-2.0
#include "octet/conv2d.h"

#include <cinttypes>
#include <cstring>

#include "api/check.h"
#include "api/epilogue.h"
#include "api/error.h"
#include "api/weights.h"
#include "api/words.h"
#include "core/packed_conv2d.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

constexpr GridNames kInputGridNames = {"x_grid",     "x_grid.delta", "x_grid.zero_float", "x_grid.scale_domain",
                                       "x_grid.eps", "x_grid.axis"};

// Offsets of lines, rows and channels stay far from overflow.
constexpr int64_t kMostPixels = INT32_MAX;
constexpr int64_t kMostChannels = INT32_MAX;

struct Param {
  const char* name;
  int32_t value;
  int32_t least;
};

octet_status ReadParams(const Checker& check, const octet_conv2d_params* params, Conv2dGeometry* geometry) {
  OCTET_RETURN_IF_ERROR(check.NotNull("params", params));
  const Param all[] = {
      {"params.stride_h", params->stride_h, 1},     {"params.stride_w", params->stride_w, 1},
      {"params.pad_top", params->pad_top, 0},       {"params.pad_left", params->pad_left, 0},
      {"params.pad_bottom", params->pad_bottom, 0}, {"params.pad_right", params->pad_right, 0},
      {"params.dilation_h", params->dilation_h, 1}, {"params.dilation_w", params->dilation_w, 1},
      {"params.groups", params->groups, 1},
  };
  for (const Param& param : all) {
    if (param.value < param.least) {
      return Fail(OCTET_INVALID_ARGUMENT, "%s: %s is %d; expected at least %d", check.function(), param.name,
                  static_cast<int>(param.value), static_cast<int>(param.least));
    }
  }
  geometry->stride_h = params->stride_h;
  geometry->stride_w = params->stride_w;
  geometry->pad_top = params->pad_top;
  geometry->pad_left = params->pad_left;
  geometry->pad_bottom = params->pad_bottom;
  geometry->pad_right = params->pad_right;
  geometry->dilation_h = params->dilation_h;
  geometry->dilation_w = params->dilation_w;
  geometry->groups = params->groups;
  return OCTET_OK;
}

octet_conv2d_params ParamsOf(const Conv2dGeometry& geometry) {
  const auto narrow = [](int64_t value) { return static_cast<int32_t>(value); };
  return {narrow(geometry.stride_h),   narrow(geometry.stride_w),   narrow(geometry.pad_top),
          narrow(geometry.pad_left),   narrow(geometry.pad_bottom), narrow(geometry.pad_right),
          narrow(geometry.dilation_h), narrow(geometry.dilation_w), narrow(geometry.groups)};
}

/** Whether a filter of so many channels and taps has sums that fit. */
bool FilterFits(int64_t channels, int64_t kernel_h, int64_t kernel_w, int64_t most) {
  if (channels > most || kernel_h > most || kernel_w > most) return false;
  const int64_t taps = kernel_h * kernel_w;
  return taps <= most && taps * channels <= most;
}

octet_status FilterTooLarge(const Checker& check, const TensorView& weights, int64_t most, const char* with) {
  return Fail(OCTET_INVALID_ARGUMENT,
              "%s: weights has shape %s; expected Cout up to %" PRId64
              " and Cin / groups * height * width up to %" PRId64 "%s, or sums could overflow",
              check.function(), ListWords(weights.shape, 4).text, kMostChannels, most, with);
}

octet_status ReadWeights(Checker* check, const DLTensor* weights, int bits, bool data, TensorView* view,
                         Conv2dGeometry* geometry) {
  OCTET_RETURN_IF_ERROR(
      ReadWeightTensor(check, weights, 4, "[Cout, Cin / groups, kernel height, kernel width]", data, view));
  const int64_t most = MostProducts(bits, false);
  if (view->shape[2] < 1 || view->shape[3] < 1) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: weights has shape %s; expected a kernel of at least one tap",
                check->function(), ListWords(view->shape, 4).text);
  }
  if (view->shape[0] > kMostChannels || !FilterFits(view->shape[1], view->shape[2], view->shape[3], most)) {
    return FilterTooLarge(*check, *view, most, "");
  }
  if (view->shape[0] % geometry->groups != 0 || view->shape[1] > kMostChannels / geometry->groups) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: params.groups is %" PRId64
                ", weights has shape %s; expected a divisor of Cout, and Cin up to %" PRId64,
                check->function(), geometry->groups, ListWords(view->shape, 4).text, kMostChannels);
  }
  geometry->out_channels = view->shape[0];
  geometry->in_channels = view->shape[1] * geometry->groups;
  geometry->kernel_h = view->shape[2];
  geometry->kernel_w = view->shape[3];
  return OCTET_OK;
}

int64_t BytesOf(const Conv2dGeometry& geometry, int bits, bool has_zero_points) {
  const PackedGemmLayout layout = LayoutOf(geometry.block_n(), geometry.block_k(bits), bits, has_zero_points);
  return static_cast<int64_t>(sizeof(PackedConv2dHeader)) + geometry.blocks() * layout.bytes;
}

octet_status PackSize(const DLTensor* weights, const octet_conv2d_params* params, const octet_weight_format& format,
                      size_t* bytes) {
  Checker check("octet_conv2d_pack_size");
  TensorView view;
  Conv2dGeometry geometry;
  int bits = 0;
  OCTET_RETURN_IF_ERROR(ReadFormat(check, format, &bits));
  OCTET_RETURN_IF_ERROR(ReadParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, false, &view, &geometry));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  // Whether there are zero points is known when the grid is.
  *bytes = static_cast<size_t>(BytesOf(geometry, bits, true));
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
  OCTET_RETURN_IF_ERROR(ReadParams(check, params, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeights(&check, weights, bits, true, &view, &geometry));
  OCTET_RETURN_IF_ERROR(ReadWeightGrid(&check, grid, view, &grid_view));
  const bool has_zero_points = cpu::GemmHasZeroPoints(grid_view, view.type, bits);
  const int64_t most = MostProducts(bits, has_zero_points);
  if (!FilterFits(view.shape[1], view.shape[2], view.shape[3], most)) {
    return FilterTooLarge(check, view, most, " with zero points");
  }
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  const size_t needed = static_cast<size_t>(BytesOf(geometry, bits, true));
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
  header.bytes = BytesOf(geometry, bits, has_zero_points);
  header.in_channels = geometry.in_channels;
  header.out_channels = geometry.out_channels;
  header.kernel_h = geometry.kernel_h;
  header.kernel_w = geometry.kernel_w;
  static_assert(sizeof(header.params) == sizeof(octet_conv2d_params), "the same members");
  std::memcpy(header.params, params, sizeof(header.params));
  if (!cpu::PackConv2d(view, grid_view, geometry, bits, has_zero_points, static_cast<char*>(packed) + sizeof(header))) {
    return BadHalfByte(check, view.type);
  }
  std::memcpy(packed, &header, sizeof(header));
  return OCTET_OK;
}

octet_status BadPacked(const Checker& check, const char* what) {
  return Fail(OCTET_INVALID_ARGUMENT, "%s: packed %s; expected a block made by octet_conv2d_pack of this version (%u)",
              check.function(), what, kPackedConv2dVersion);
}

bool HeaderIsPossible(const Checker& check, const PackedConv2dHeader& header, Conv2dGeometry* geometry) {
  if ((header.bits != 8 && header.bits != 4) || header.has_zero_points < 0 || header.has_zero_points > 1) return false;
  octet_conv2d_params params;
  std::memcpy(&params, header.params, sizeof(params));
  if (ReadParams(check, &params, geometry) != OCTET_OK) return false;
  const auto within = [](int64_t value, int64_t least) { return value >= least && value <= kMostChannels; };
  if (!within(header.in_channels, 0) || !within(header.out_channels, 0) || !within(header.kernel_h, 1) ||
      !within(header.kernel_w, 1)) {
    return false;
  }
  geometry->in_channels = header.in_channels;
  geometry->out_channels = header.out_channels;
  geometry->kernel_h = header.kernel_h;
  geometry->kernel_w = header.kernel_w;
  const int bits = static_cast<int>(header.bits);
  const bool has_zero_points = header.has_zero_points != 0;
  return geometry->in_channels % geometry->groups == 0 && geometry->out_channels % geometry->groups == 0 &&
         FilterFits(geometry->group_in(), header.kernel_h, header.kernel_w, MostProducts(bits, has_zero_points)) &&
         header.bytes == BytesOf(*geometry, bits, has_zero_points);
}

octet_status ReadPacked(const Checker& check, const void* packed, size_t packed_bytes, PackedConv2d* result,
                        int64_t* bytes) {
  OCTET_RETURN_IF_ERROR(Aligned(check, "packed", packed));
  PackedConv2dHeader header;
  if (packed_bytes < sizeof(header)) return BadPacked(check, "is shorter than a header");
  std::memcpy(&header, packed, sizeof(header));
  if (std::memcmp(header.magic, kPackedConv2dMagic, sizeof(header.magic)) != 0) {
    return BadPacked(check, "does not begin with a header");
  }
  if (header.version != kPackedConv2dVersion) return BadPacked(check, "has another version");
  if (!HeaderIsPossible(check, header, &result->geometry)) {
    return BadPacked(check, "has a header with impossible values");
  }
  if (packed_bytes < static_cast<size_t>(header.bytes)) return BadPacked(check, "is cut short (packed_bytes)");
  result->bits = static_cast<int>(header.bits);
  result->has_zero_points = header.has_zero_points != 0;
  result->blocks = static_cast<const char*>(packed) + sizeof(header);
  result->layout = LayoutOf(result->geometry.block_n(), result->geometry.block_k(result->bits), result->bits,
                            result->has_zero_points);
  *bytes = header.bytes;
  return OCTET_OK;
}

octet_status PackedInfo(const void* packed, size_t packed_bytes, octet_conv2d_info* info) {
  Checker check("octet_conv2d_packed_info");
  PackedConv2d weights;
  int64_t bytes = 0;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &weights, &bytes));
  OCTET_RETURN_IF_ERROR(check.NotNull("info", info));
  const Conv2dGeometry& geometry = weights.geometry;
  *info = {ParamsOf(geometry),
           geometry.in_channels,
           geometry.out_channels,
           geometry.kernel_h,
           geometry.kernel_w,
           weights.bits == 8 ? OCTET_WEIGHTS_8_BIT : OCTET_WEIGHTS_4_BIT,
           weights.has_zero_points ? 1 : 0,
           bytes};
  return OCTET_OK;
}

/** Size of the output for an input of in_h x in_w, which are called `what` in messages. */
octet_status OutSize(const Checker& check, const Conv2dGeometry& geometry, const char* what, int64_t in_h, int64_t in_w,
                     int64_t* out_h, int64_t* out_w) {
  if (in_h < 0 || in_w < 0 || in_h > kMostPixels || in_w > kMostPixels) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s is %" PRId64 " x %" PRId64 " pixels; expected heights and widths from 0 to 2^31 - 1",
                check.function(), what, in_h, in_w);
  }
  const int64_t padded_h = in_h + geometry.pad_top + geometry.pad_bottom;
  const int64_t padded_w = in_w + geometry.pad_left + geometry.pad_right;
  if (padded_h < geometry.reach_h() || padded_w < geometry.reach_w()) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: %s is %" PRId64 " x %" PRId64 " pixels, %" PRId64 " x %" PRId64
                " with padding; expected at least %" PRId64 " x %" PRId64 ", the size of the dilated kernel",
                check.function(), what, in_h, in_w, padded_h, padded_w, geometry.reach_h(), geometry.reach_w());
  }
  *out_h = (padded_h - geometry.reach_h()) / geometry.stride_h + 1;
  *out_w = (padded_w - geometry.reach_w()) / geometry.stride_w + 1;
  return OCTET_OK;
}

octet_status OutSize(const void* packed, size_t packed_bytes, int64_t in_h, int64_t in_w, int64_t* out_h,
                     int64_t* out_w) {
  Checker check("octet_conv2d_out_size");
  PackedConv2d weights;
  int64_t bytes = 0;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &weights, &bytes));
  OCTET_RETURN_IF_ERROR(check.NotNull("out_h", out_h));
  OCTET_RETURN_IF_ERROR(check.NotNull("out_w", out_w));
  return OutSize(check, weights.geometry, "the input (in_h x in_w)", in_h, in_w, out_h, out_w);
}

octet_status ReadInput(Checker* check, const DLTensor* x, const PackedConv2d& weights, TensorView* view, int64_t* out_h,
                       int64_t* out_w) {
  OCTET_RETURN_IF_ERROR(check->Tensor("x", x, kFloatOrByteTypes, Role::kInput, view));
  OCTET_RETURN_IF_ERROR(check->Ndim({"x", view}, 4, "[N, H, W, Cin]"));
  const Conv2dGeometry& geometry = weights.geometry;
  if (view->shape[3] != geometry.in_channels) {
    return Fail(OCTET_INVALID_ARGUMENT,
                "%s: x has shape %s; expected [N, H, W, %" PRId64 "], Cin of the packed weights", check->function(),
                ListWords(view->shape, 4).text, geometry.in_channels);
  }
  OCTET_RETURN_IF_ERROR(OutSize(*check, geometry, "x", view->shape[1], view->shape[2], out_h, out_w));
  if (!cpu::Conv2dFits(geometry, *out_h, *out_w)) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: x has shape %s, which with padding is more than 2^60 bytes",
                check->function(), ListWords(view->shape, 4).text);
  }
  return OCTET_OK;
}

octet_status WorkspaceSize(const DLTensor* x, const void* packed, size_t packed_bytes, size_t* bytes) {
  Checker check("octet_conv2d_workspace_size");
  PackedConv2d weights;
  TensorView view;
  int64_t block_bytes = 0;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &weights, &block_bytes));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights, &view, &out_h, &out_w));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = cpu::Conv2dWorkspaceSize(weights, view.shape[0], out_h, out_w);
  return OCTET_OK;
}

octet_status Conv2d(const DLTensor* x, const octet_grid* x_grid, const void* packed, size_t packed_bytes,
                    const octet_epilogue* epilogue, const DLTensor* out, void* workspace, size_t workspace_bytes,
                    void* stream) {
  Checker check("octet_conv2d");
  PackedConv2d weights;
  cpu::Conv2dArguments arguments;
  EpilogueTensors tensors;
  CodeGrid grid;
  int64_t block_bytes = 0;
  int64_t out_h = 0;
  int64_t out_w = 0;
  OCTET_RETURN_IF_ERROR(ReadPacked(check, packed, packed_bytes, &weights, &block_bytes));
  OCTET_RETURN_IF_ERROR(ReadInput(&check, x, weights, &arguments.x, &out_h, &out_w));
  const TensorView& x_view = arguments.x;
  OCTET_RETURN_IF_ERROR(ReadCodeGrid(&check, x_grid, x_view.type, kInputGridNames, &grid));
  const int64_t expected[4] = {x_view.shape[0], out_h, out_w, weights.geometry.out_channels};
  OCTET_RETURN_IF_ERROR(ReadEpilogue(&check, epilogue, out, weights.geometry.out_channels, &tensors,
                                     &arguments.epilogue, ColumnStride::kAny));
  if (tensors.out.ndim != 4 || std::memcmp(tensors.out.shape, expected, sizeof(expected)) != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: out has shape %s; expected %s", check.function(),
                ListWords(tensors.out.shape, tensors.out.ndim).text, ListWords(expected, 4).text);
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap(
      {{"out", &tensors.out}},
      {{"epilogue.residual", &tensors.residual}, {"x", &x_view}, {"epilogue.bias", &tensors.bias}}, &tensors.out));
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  OCTET_RETURN_IF_ERROR(
      check.Workspace(workspace, workspace_bytes, cpu::Conv2dWorkspaceSize(weights, x_view.shape[0], out_h, out_w)));
  arguments.step = grid.step;
  arguments.limits = grid.limits;
  arguments.out = tensors.out;
  arguments.residual = tensors.residual;
  cpu::Conv2d(arguments, weights, static_cast<char*>(workspace));
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
