// SPDX-License-Identifier: Apache-2.0
// LayerNorm, RMSNorm, and rows of length 1: see numerics/norm.h. One launch; x, residual and weights are read once and
// the outputs written once for rows of up to 16384 elements.
#include "numerics/norm.h"

#include "cuda/row_kernels.h"
#include "cuda/row_pass.h"
#include "cuda/row_walk.h"
#include "cuda/span.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kOut = 0;
constexpr int kX = 1;
constexpr int kResidual = 2;
constexpr int kSum = 3;
constexpr int kNormOperands = 4;

struct NormParameters {
  int64_t length;
  Coding x;
  Coding residual;
  Coding sum;
  Coding out;
  const char* weight;
  const char* bias;
  float eps;
  bool has_residual;
  bool has_sum;
  bool subtract_mean;
};

__device__ void Load(const char* row, int64_t column, int64_t limit, const Coding& coding, Quads& values) {
  LoadPieces<numerics::kLanes>(row, column, limit, coding, values);
}

__device__ void Store(char* row, int64_t column, int64_t limit, const Coding& coding, const Quads& values) {
  StorePieces<numerics::kLanes>(row, column, limit, coding, values);
}

/** With a residual or a sum beside 64 terms half as many as a team has in general (row_team.h). */
template <typename Team, bool kAdds>
constexpr int kNormBlocks = (kAdds && Team::kTerms == 64) ? Team::kThreadBlocks / 2 : Team::kThreadBlocks;

/** kAdds: with a residual or a sum. Kernels of their own, so that those without do not have the registers. */
template <typename Team, bool kAdds>
__global__ void __launch_bounds__(Team::kThreads, kNormBlocks<Team, kAdds>)
    NormKernel(const __grid_constant__ RowWalk<kNormOperands> walk, const __grid_constant__ NormParameters p) {
  __shared__ typename Team::Shared shared;
  Team team(&shared, p.length);
  const bool active = team.row() < walk.rows;
  const int64_t row = active ? team.row() : 0;
  const char* const x = walk.At(kX, row);
  const char* const residual = kAdds && p.has_residual ? walk.At(kResidual, row) : nullptr;
  char* const sum = kAdds && p.has_sum ? walk.At(kSum, row) : nullptr;
  char* const out = walk.At(kOut, row);

  const auto load = [&](int64_t column, Quads& values) {
    Load(x, column, p.length, p.x, values);
    if (kAdds && p.has_residual) {
      Quads added;
      Load(residual, column, p.length, p.residual, added);
      ForEachOf(values, [&](float& value, int k, int j) { value += added[k][j]; });
    }
  };
  // What is stored as the sum is what is normalised.
  const auto reload = [&](int64_t column, Quads& values) {
    if (kAdds && p.has_sum) {
      Load(sum, column, p.length, p.sum, values);
    } else {
      load(column, values);
    }
  };
  team.Keep(load);
  if (kAdds && p.has_sum) {
    team.ForEach(load, [&](int64_t column, Quads& values) {
      if (active) Store(sum, column, p.length, p.sum, values);
      ForEachOf(values, [&](float& value, int, int) { value = RoundTrip(value, p.sum); });
    });
  }
  float mean = 0.0f;
  if (p.subtract_mean) {
    const double total = team.Sum(p.length, reload, [](float value, float lane) { return lane + value; });
    mean = numerics::MeanOf(total, p.length);
  }
  const double squares = team.Sum(p.length, reload, [mean](float value, float lane) {
    const float difference = value - mean;
    return numerics::Fma(difference, difference, lane);
  });
  const float inverse = numerics::InverseDeviation(squares, p.length, p.eps);
  const Coding floats = {ElementType::kF32, {1.0f, 0.0f}, {0.0f, 0.0f}};
  team.ForEach(reload, [&](int64_t column, Quads& values) {
    ForEachOf(values, [&](float& value, int, int) { value = (value - mean) * inverse; });
    Quads weight;
    if (p.weight != nullptr) {
      Load(p.weight, column, p.length, floats, weight);
      if (p.bias == nullptr) ForEachOf(values, [&](float& value, int k, int j) { value *= weight[k][j]; });
    }
    if (p.bias != nullptr) {
      Quads bias;
      Load(p.bias, column, p.length, floats, bias);
      ForEachOf(values, [&](float& value, int k, int j) {
        value = p.weight != nullptr ? numerics::Fma(value, weight[k][j], bias[k][j]) : value + bias[k][j];
      });
    }
    if (active) Store(out, column, p.length, p.out, values);
  });
}

struct L2Parameters {
  int64_t length;
  Coding x;
  Coding out;
  float eps;
};

template <typename Team>
__global__ void __launch_bounds__(Team::kThreads, Team::kThreadBlocks)
    L2NormalizeKernel(const __grid_constant__ RowWalk<2> walk, const __grid_constant__ L2Parameters p) {
  __shared__ typename Team::Shared shared;
  Team team(&shared, p.length);
  const bool active = team.row() < walk.rows;
  const int64_t row = active ? team.row() : 0;
  const char* const x = walk.At(kX, row);
  char* const out = walk.At(kOut, row);
  const auto load = [&](int64_t column, Quads& values) { Load(x, column, p.length, p.x, values); };
  team.Keep(load);
  const double squares =
      team.Sum(p.length, load, [](float value, float lane) { return numerics::Fma(value, value, lane); });
  const auto norm = static_cast<float>(numerics::SquareRoot(squares));
  const float divisor = norm > p.eps || numerics::IsNan(norm) ? norm : p.eps;
  team.ForEach(load, [&](int64_t column, Quads& values) {
    ForEachOf(values, [&](float& value, int, int) { value /= divisor; });
    if (active) Store(out, column, p.length, p.out, values);
  });
}

Coding CodingOrNone(const Operand* operand) { return operand != nullptr ? CodingOf(*operand) : Coding{}; }

WalkStrides StridesOrNone(const Operand* operand) {
  return operand != nullptr ? StridesOf(operand->view) : NoStrides();
}

}  // namespace

octet_status Norm(const Call* call, const NormCall* norm) {
  const TensorView& view = norm->x->view;
  if (view.count == 0) return OCTET_OK;
  NormParameters p = {};
  p.length = 1;
  for (int d = view.ndim - norm->row_dims; d < view.ndim; ++d) p.length *= view.shape[d];
  p.x = CodingOf(*norm->x);
  p.residual = CodingOrNone(norm->residual);
  p.sum = CodingOrNone(norm->sum);
  p.out = CodingOf(*norm->out);
  p.weight = static_cast<const char*>(norm->weight);
  p.bias = static_cast<const char*>(norm->bias);
  p.eps = norm->eps;
  p.has_residual = norm->residual != nullptr;
  p.has_sum = norm->sum != nullptr;
  p.subtract_mean = norm->subtract_mean;
  WalkStrides operands[kNormOperands] = {StridesOf(norm->out->view), StridesOf(view), StridesOrNone(norm->residual),
                                         StridesOrNone(norm->sum)};
  const auto walk = RowsOver(OuterShapeOf(view, norm->row_dims), operands);
  return LaunchRows(call, "norm", walk.rows, p.length, [&](auto* team, unsigned blocks, cudaStream_t stream) {
    using Team = std::remove_pointer_t<decltype(team)>;
    if (p.has_residual || p.has_sum) {
      NormKernel<Team, true><<<blocks, Team::kThreads, 0, stream>>>(walk, p);
    } else {
      NormKernel<Team, false><<<blocks, Team::kThreads, 0, stream>>>(walk, p);
    }
  });
}

octet_status L2Normalize(const Call* call, const Operand* x, float eps, const Operand* out) {
  if (x->view.count == 0) return OCTET_OK;
  const L2Parameters p = {x->view.shape[x->view.ndim - 1], CodingOf(*x), CodingOf(*out), eps};
  WalkStrides operands[2] = {StridesOf(out->view), StridesOf(x->view)};
  const auto walk = RowsOver(OuterShapeOf(x->view, 1), operands);
  return LaunchRows(call, "l2_normalize", walk.rows, p.length, [&](auto* team, unsigned blocks, cudaStream_t stream) {
    using Team = std::remove_pointer_t<decltype(team)>;
    L2NormalizeKernel<Team><<<blocks, Team::kThreads, 0, stream>>>(walk, p);
  });
}

}  // namespace cuda
}  // namespace octet
