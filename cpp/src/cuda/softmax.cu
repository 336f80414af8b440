// SPDX-License-Identifier: Apache-2.0
// Softmax of rows: see numerics/softmax.h. One launch; x, bias and mask are read once and the output written once for
// rows of up to 16384 elements.
#include "numerics/softmax.h"

#include "cuda/row_kernels.h"
#include "cuda/row_pass.h"
#include "cuda/row_walk.h"
#include "cuda/span.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;
constexpr int kBias = 2;
constexpr int kMask = 3;
constexpr int kLengths = 4;
/** No memory: its address is the number of the row in its matrix. */
constexpr int kPlace = 5;
constexpr int kOperands = 6;

struct Parameters {
  int64_t length;
  Coding x;
  Coding out;
  float scale;
  bool has_bias;
  bool has_mask;
  bool has_lengths;
  bool wide_lengths;
  bool causal;
  int64_t causal_offset;
};

/** How many elements of a row, the first ones, take part. */
__device__ int64_t VisibleOf(const RowWalk<kOperands>& walk, const Parameters& p, int64_t row) {
  int64_t visible = p.length;
  if (p.has_lengths) {
    const char* at = walk.At(kLengths, row);
    const int64_t given =
        p.wide_lengths ? *reinterpret_cast<const int64_t*>(at) : *reinterpret_cast<const int32_t*>(at);
    visible = given < visible ? given : visible;
  }
  // The offset may be any number: compared before it is added to.
  if (p.causal && p.causal_offset < p.length) {
    const int64_t last = static_cast<int64_t>(walk.At(kPlace, row) - walk.data[kPlace]) + 1 + p.causal_offset;
    visible = last < visible ? last : visible;
  }
  return visible < 0 ? 0 : visible;
}

template <typename Team>
__global__ void __launch_bounds__(Team::kThreads, Team::kThreadBlocks)
    SoftmaxKernel(const __grid_constant__ RowWalk<kOperands> walk, const __grid_constant__ Parameters p) {
  __shared__ typename Team::Shared shared;
  Team team(&shared, p.length);
  const bool active = team.row() < walk.rows;
  const int64_t row = active ? team.row() : 0;
  const char* const x = walk.At(kX, row);
  const char* const bias = p.has_bias ? walk.At(kBias, row) : nullptr;
  const char* const mask = p.has_mask ? walk.At(kMask, row) : nullptr;
  char* const out = walk.At(kOut, row);
  const int64_t visible = VisibleOf(walk, p, row);
  const Coding floats = {ElementType::kF32, {1.0f, 0.0f}, {0.0f, 0.0f}};
  const Coding bytes = {ElementType::kU8, {1.0f, 0.0f}, {0.0f, 0.0f}};

  const auto load_terms = [&](int64_t column, Quads& terms) {
    LoadPieces<numerics::kLanes>(x, column, visible, p.x, terms);
    ForEachOf(terms, [&](float& term, int, int) { term *= p.scale; });
    if (p.has_bias) {
      Quads added;
      LoadPieces<numerics::kLanes>(bias, column, visible, floats, added);
      ForEachOf(terms, [&](float& term, int k, int j) { term += added[k][j]; });
    }
    if (p.has_mask) {
      // 1 where an element takes part, as the value of a code.
      Quads part;
      LoadPieces<numerics::kLanes>(mask, column, visible, bytes, part);
      ForEachOf(terms, [&](float& term, int k, int j) { term = part[k][j] != 0.0f ? term : -numerics::Infinity(); });
    }
  };
  team.Keep(load_terms);
  float greatest = -numerics::Infinity();
  bool nan = false;
  team.ForEach(load_terms, [&](int64_t column, Quads& terms) {
    ForEachOf(terms, [&](float& term, int k, int j) {
      if (column + k * numerics::kLanes + j >= visible) return;
      nan = nan || numerics::IsNan(term);
      greatest = term > greatest ? term : greatest;
    });
  });
  greatest = team.Greatest(greatest);
  // Asked by all rows of a warp together, whatever their greatest is.
  const bool any_nan = team.Any(nan);
  const bool nothing = greatest == -numerics::Infinity() && !any_nan;
  const auto exponential = [greatest](float term) { return numerics::ExpLanes<numerics::OneLane>(term - greatest); };
  const double total = team.Sum(visible, load_terms, [&](float& term, float lane) {
    term = exponential(term);
    return lane + term;
  });
  const float factor = numerics::InverseOfSum(total);
  const auto load_exponentials = [&](int64_t column, Quads& values) {
    load_terms(column, values);
    ForEachOf(values, [&](float& value, int, int) { value = exponential(value); });
  };
  team.ForEach(load_exponentials, [&](int64_t column, Quads& values) {
    ForEachOf(values, [&](float& value, int k, int j) {
      value = nothing || column + k * numerics::kLanes + j >= visible ? 0.0f : value * factor;
    });
    if (active) StorePieces<numerics::kLanes>(out, column, p.length, p.out, values);
  });
}

WalkStrides StridesOrNone(const TensorView* view) { return view != nullptr ? StridesOf(*view) : NoStrides(); }

}  // namespace

octet_status Softmax(const Call* call, const SoftmaxCall* softmax) {
  const TensorView& view = softmax->x->view;
  if (view.count == 0) return OCTET_OK;
  Parameters p = {};
  p.length = view.shape[view.ndim - 1];
  p.x = CodingOf(*softmax->x);
  p.out = CodingOf(*softmax->out);
  p.scale = softmax->scale;
  p.has_bias = softmax->bias != nullptr;
  p.has_mask = softmax->mask != nullptr;
  p.has_lengths = softmax->lengths != nullptr;
  p.causal = softmax->causal;
  p.causal_offset = softmax->causal_offset;
  WalkStrides operands[kOperands] = {StridesOf(softmax->out->view), StridesOf(view), StridesOrNone(softmax->bias),
                                     StridesOrNone(softmax->mask),  NoStrides(),     NoStrides()};
  if (p.has_lengths) {
    p.wide_lengths = softmax->lengths->type == ElementType::kS64;
    operands[kLengths].data = softmax->lengths->data;
    operands[kLengths].bytes[0] = softmax->lengths->strides[0] * softmax->lengths->item_size();
  }
  if (view.ndim > 1) operands[kPlace].bytes[view.ndim - 2] = 1;
  const auto walk = RowsOver(OuterShapeOf(view, 1), operands);
  return LaunchRows(call, "softmax", walk.rows, p.length, [&](auto* team, unsigned blocks, cudaStream_t stream) {
    using Team = std::remove_pointer_t<decltype(team)>;
    SoftmaxKernel<Team><<<blocks, Team::kThreads, 0, stream>>>(walk, p);
  });
}

}  // namespace cuda
}  // namespace octet
