// SPDX-License-Identifier: Apache-2.0
#include "octet/range.h"

#include <cinttypes>

#include "api/check.h"
#include "api/cuda_library.h"
#include "api/error.h"
#include "api/words.h"
#include "cpu/backend.h"

namespace octet {
namespace api {
namespace {

/** x, its axis, and the number of results. */
struct Sliced {
  TensorView x;
  int64_t slices;
};

octet_status ReadSliced(const char* function, Checker* check, const DLTensor* x, int32_t axis, Sliced* sliced) {
  OCTET_RETURN_IF_ERROR(check->Tensor("x", x, kFloatTypes, Role::kInput, &sliced->x));
  OCTET_RETURN_IF_ERROR(check->Axis("axis", axis, {"x", &sliced->x}));
  sliced->slices = axis < 0 ? 1 : sliced->x.shape[axis];
  if (sliced->x.count == 0 && sliced->slices != 0) {
    return Fail(OCTET_INVALID_ARGUMENT, "%s: x has shape %s: there is nothing to take a range of; pass elements",
                function, ListWords(sliced->x.shape, sliced->x.ndim).text);
  }
  return OCTET_OK;
}

octet_status ReadOutput(Checker* check, const char* name, const DLTensor* tensor, const Sliced& sliced,
                        TensorView* view) {
  OCTET_RETURN_IF_ERROR(check->Tensor(name, tensor, kF32Only, Role::kCompactOutput, view));
  return check->Count({name, view}, sliced.slices, "one for every slice of x");
}

octet_status MinMax(const DLTensor* x, int32_t axis, DLTensor* out_min, DLTensor* out_max, void* stream) {
  constexpr const char* kFunction = "octet_min_max";
  Checker check(kFunction);
  Sliced sliced;
  TensorView min_view, max_view;
  OCTET_RETURN_IF_ERROR(ReadSliced(kFunction, &check, x, axis, &sliced));
  OCTET_RETURN_IF_ERROR(ReadOutput(&check, "out_min", out_min, sliced, &min_view));
  OCTET_RETURN_IF_ERROR(ReadOutput(&check, "out_max", out_max, sliced, &max_view));
  OCTET_RETURN_IF_ERROR(check.NoOverlap({{"out_min", &min_view}, {"out_max", &max_view}}, {{"x", &sliced.x}}, nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.min_max, &sliced.x, axis, &min_view, &max_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::MinMax(sliced.x, axis, min_view, max_view);
  return OCTET_OK;
}

size_t PercentileBytes(const Checker& check, const Sliced& sliced) {
  if (check.on_cuda()) return CudaTable()->quantization.percentile_workspace_size(&sliced.x, sliced.slices);
  return cpu::PercentileWorkspaceSize(sliced.x);
}

octet_status PercentileWorkspaceSize(const DLTensor* x, int32_t axis, size_t* bytes) {
  constexpr const char* kFunction = "octet_percentile_workspace_size";
  Checker check(kFunction);
  Sliced sliced;
  OCTET_RETURN_IF_ERROR(ReadSliced(kFunction, &check, x, axis, &sliced));
  OCTET_RETURN_IF_ERROR(check.NotNull("bytes", bytes));
  *bytes = PercentileBytes(check, sliced);
  return OCTET_OK;
}

octet_status Percentage(const char* name, double percent) {
  if (percent >= 0.0 && percent <= 100.0) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT, "octet_percentile: %s is %g; expected a percentage, 0 to 100", name, percent);
}

octet_status Percentile(const DLTensor* x, int32_t axis, double low, double high, DLTensor* out_low, DLTensor* out_high,
                        void* workspace, size_t workspace_bytes, void* stream) {
  constexpr const char* kFunction = "octet_percentile";
  Checker check(kFunction);
  Sliced sliced;
  TensorView low_view, high_view;
  OCTET_RETURN_IF_ERROR(ReadSliced(kFunction, &check, x, axis, &sliced));
  OCTET_RETURN_IF_ERROR(Percentage("low", low));
  OCTET_RETURN_IF_ERROR(Percentage("high", high));
  OCTET_RETURN_IF_ERROR(ReadOutput(&check, "out_low", out_low, sliced, &low_view));
  OCTET_RETURN_IF_ERROR(ReadOutput(&check, "out_high", out_high, sliced, &high_view));
  OCTET_RETURN_IF_ERROR(
      check.NoOverlap({{"out_low", &low_view}, {"out_high", &high_view}}, {{"x", &sliced.x}}, nullptr));
  const size_t needed = PercentileBytes(check, sliced);
  OCTET_RETURN_IF_ERROR(check.Workspace(workspace, workspace_bytes, needed));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.percentile, &sliced.x, axis, low, high, &low_view,
                     &high_view, workspace);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::Percentile(sliced.x, axis, low, high, low_view, high_view, workspace);
  return OCTET_OK;
}

octet_status ReadMseOptions(Checker* check, const octet_range_mse_options* options, RangeMseOptions* result) {
  OCTET_RETURN_IF_ERROR(check->NotNull("options", options));
  OCTET_RETURN_IF_ERROR(check->Scheme("options.scheme", options->scheme));
  OCTET_RETURN_IF_ERROR(check->Bits("options.n_bits", options->n_bits, 1));
  OCTET_RETURN_IF_ERROR(check->ScaleDomain("options.scale_domain", options->scale_domain));
  OCTET_RETURN_IF_ERROR(check->Eps("options.eps", options->eps));
  *result = {options->scheme == OCTET_ASYMMETRIC, options->n_bits, options->scale_domain == OCTET_SCALE_LOG,
             options->eps};
  return OCTET_OK;
}

/** Shape [candidates] or [slices, candidates]. */
octet_status CandidateShape(const TensorView& candidates, int64_t slices) {
  if (candidates.ndim == 1 || (candidates.ndim == 2 && candidates.shape[0] == slices)) return OCTET_OK;
  return Fail(OCTET_INVALID_ARGUMENT,
              "octet_range_mse: candidate_min has shape %s; expected [candidates] or [%" PRId64 ", candidates]",
              ListWords(candidates.shape, candidates.ndim).text, slices);
}

octet_status RangeMse(const DLTensor* x, int32_t axis, const octet_range_mse_options* options,
                      const DLTensor* candidate_min, const DLTensor* candidate_max, DLTensor* loss, void* stream) {
  constexpr const char* kFunction = "octet_range_mse";
  Checker check(kFunction);
  Sliced sliced;
  RangeMseOptions mse_options;
  TensorView min_view, max_view, loss_view;
  OCTET_RETURN_IF_ERROR(ReadSliced(kFunction, &check, x, axis, &sliced));
  OCTET_RETURN_IF_ERROR(ReadMseOptions(&check, options, &mse_options));
  OCTET_RETURN_IF_ERROR(check.Tensor("candidate_min", candidate_min, kF32Only, Role::kCompactInput, &min_view));
  OCTET_RETURN_IF_ERROR(check.Tensor("candidate_max", candidate_max, kF32Only, Role::kCompactInput, &max_view));
  OCTET_RETURN_IF_ERROR(CandidateShape(min_view, sliced.slices));
  OCTET_RETURN_IF_ERROR(check.SameShape({"candidate_max", &max_view}, {"candidate_min", &min_view}));
  OCTET_RETURN_IF_ERROR(check.Tensor("loss", loss, kF32OrF64, Role::kCompactOutput, &loss_view));
  const int64_t candidates = min_view.shape[min_view.ndim - 1];
  const bool right_shape = loss_view.count == 0
                               ? sliced.slices == 0 || candidates == 0
                               : loss_view.ndim >= 1 && loss_view.shape[loss_view.ndim - 1] == candidates &&
                                     loss_view.count / candidates == sliced.slices;
  if (!right_shape) {
    return Fail(OCTET_INVALID_ARGUMENT, "octet_range_mse: loss has shape %s; expected [%" PRId64 ", %" PRId64 "]",
                ListWords(loss_view.shape, loss_view.ndim).text, sliced.slices, candidates);
  }
  OCTET_RETURN_IF_ERROR(check.NoOverlap(
      {{"loss", &loss_view}}, {{"x", &sliced.x}, {"candidate_min", &min_view}, {"candidate_max", &max_view}}, nullptr));
  if (check.on_cuda()) {
    return RunOnCuda(check, stream, CudaTable()->quantization.range_mse, &sliced.x, axis, &mse_options, &min_view,
                     &max_view, &loss_view);
  }
  OCTET_RETURN_IF_ERROR(check.Stream(stream));
  cpu::RangeMse(sliced.x, axis, mse_options, min_view, max_view, loss_view);
  return OCTET_OK;
}

}  // namespace
}  // namespace api
}  // namespace octet

octet_status octet_min_max(const DLTensor* x, int32_t axis, DLTensor* out_min, DLTensor* out_max, void* stream) {
  return octet::api::Guarded("octet_min_max", [&] { return octet::api::MinMax(x, axis, out_min, out_max, stream); });
}

octet_status octet_percentile_workspace_size(const DLTensor* x, int32_t axis, size_t* bytes) {
  return octet::api::Guarded("octet_percentile_workspace_size",
                             [&] { return octet::api::PercentileWorkspaceSize(x, axis, bytes); });
}

octet_status octet_percentile(const DLTensor* x, int32_t axis, double low, double high, DLTensor* out_low,
                              DLTensor* out_high, void* workspace, size_t workspace_bytes, void* stream) {
  return octet::api::Guarded("octet_percentile", [&] {
    return octet::api::Percentile(x, axis, low, high, out_low, out_high, workspace, workspace_bytes, stream);
  });
}

octet_status octet_range_mse(const DLTensor* x, int32_t axis, const octet_range_mse_options* options,
                             const DLTensor* candidate_min, const DLTensor* candidate_max, DLTensor* loss,
                             void* stream) {
  return octet::api::Guarded("octet_range_mse", [&] {
    return octet::api::RangeMse(x, axis, options, candidate_min, candidate_max, loss, stream);
  });
}
