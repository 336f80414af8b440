// SPDX-License-Identifier: Apache-2.0
#include "cuda/reduce.h"

#include "cuda/extremes.h"
#include "cuda/sum.h"
#include "numerics/norm.h"

namespace octet {
namespace cuda {
namespace {

struct SumTerms {
  static constexpr int kOperands = 2;
  static constexpr int kSums = 1;

  struct Slice {
    const char* start;
  };

  __device__ Slice Begin(const SliceWalk<kOperands>& walk, int64_t slice) const { return {walk.Slice(1, slice)}; }

  template <int kElements>
  __device__ void Add(const SliceWalk<kOperands>& walk, const Slice& slice, int64_t element, int count,
                      float (&lanes)[kSums][kElements]) const {
    float values[kElements];
    walk.Load(1, slice.start, element, count, x, values);
#pragma unroll
    for (int j = 0; j < kElements; ++j) {
      if (j < count) lanes[0][j] += values[j];
    }
  }

  __device__ void Finish(const SliceWalk<kOperands>& walk, int64_t slice, const double (&totals)[kSums]) const {
    const float value[1] = {mean ? numerics::MeanOf(totals[0], walk.length) : static_cast<float>(totals[0])};
    StoreRow(walk.Slice(0, slice), 0, 1, out, value);
  }

  Coding x;
  Coding out;
  bool mean;
};

}  // namespace

octet_status Reduce(const Call* call, Reduction reduction, const Operand* x, const bool* reduced, const Operand* out) {
  if (out->view.count == 0) return OCTET_OK;
  const SliceWalk<2> walk = ReductionOver(x->view, reduced, out->view);
  const bool adds = reduction == Reduction::kSum || reduction == Reduction::kMean;
  if (adds && !IsCode(x->view.type)) {
    return LaunchSum(call, "reduce", walk, SumTerms{CodingOf(*x), CodingOf(*out), reduction == Reduction::kMean},
                     x->view.item_size());
  }
  ExtremesOutput output = {};
  output.kind = ExtremesOutput::Kind::kReduce;
  output.reduction = reduction;
  output.out = CodingOf(*out);
  output.x = CodingOf(*x);
  return LaunchExtremes(call, "reduce", walk, output);
}

octet_status Argmax(const Call* call, const TensorView* x, int dim, const TensorView* out) {
  if (out->count == 0) return OCTET_OK;
  bool reduced[kMaxDims] = {};
  reduced[dim] = true;
  ExtremesOutput output = {};
  output.kind = ExtremesOutput::Kind::kArgmax;
  output.x = {x->type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  output.wide = out->type == ElementType::kS64;
  return LaunchExtremes(call, "argmax", ReductionOver(*x, reduced, *out), output);
}

}  // namespace cuda
}  // namespace octet
