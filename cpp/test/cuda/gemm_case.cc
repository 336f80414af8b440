// SPDX-License-Identifier: Apache-2.0
#include "cuda/gemm_case.h"

#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** The rows of a tensor [m + 1, columns + gap], shifted. */
struct RowsOf {
  RowsOf(const DLTensor& whole, const Case& test, int64_t columns)
      : shape{test.shape.m, columns}, strides{columns + test.gap, 1}, dl(whole) {
    dl.ndim = 2;
    dl.shape = shape;
    dl.strides = strides;
    dl.byte_offset += static_cast<uint64_t>(test.shift * (whole.dtype.bits / 8));
  }
  int64_t shape[2];
  int64_t strides[2];
  DLTensor dl;
};

}  // namespace

void Fill(Tensor* tensor, uint32_t seed) {
  if (IsCodes(tensor->type())) {
    const int least = Least(tensor->type());
    tensor->Fill(RandomCodes(tensor->count(), least, least + 255, seed));
  } else {
    tensor->Fill(RandomValues(tensor->count(), 1.0f, seed));
  }
}

void ExpectSame(const Case& test) {
  const auto [m, n, k] = test.shape;
  SCOPED_TRACE(std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k) + ", " +
               TypeName(test.a_type) + " * " + TypeName(test.kind.type) +
               (test.kind.format == OCTET_WEIGHTS_4_BIT ? " of 4 bits" : "") + " to " + TypeName(test.out_type) +
               ", activation " + std::to_string(test.activation) + ", gap " + std::to_string(test.gap) + ", shift " +
               std::to_string(test.shift));
  const CodeGrid a_grid(IsCodes(test.a_type) ? test.a_type : kU8, 0.0078125f, 7.0f);
  const CodeGrid out_grid(test.out_type, 0.31f, 5.0f);
  const CodeGrid residual_grid(test.residual_type, 0.05f, 9.0f);
  // Small enough that activations are not all at their ends.
  Weights weights(n, k, test.kind, 5);
  for (int64_t i = 0; i < weights.delta.count(); ++i) weights.delta.Set(i, weights.delta.Get(i) / 16);
  weights.Pack();
  const DeviceWeights on_device(weights);
  const GemmRun run = {&weights, &on_device, test.dynamic ? nullptr : &a_grid.grid};
  // Room for a gap and a shift.
  const auto room = [&](int64_t columns) { return std::vector<int64_t>{(m + 1) * (columns + test.gap) + test.shift}; };
  Tensor a(test.a_type, room(k));
  Fill(&a, 17);
  Tensor bias = Tensor::Of(RandomValues(n, 1.0f, 3));
  const bool has_residual = test.residual_type.bits != 0;
  Tensor residual(has_residual ? test.residual_type : kF32, room(n));
  Fill(&residual, 8);
  ExpectSameOnDevice({&a, &bias, &residual}, OneOutput(test.out_type, room(n)),
                     [&](const Tensors& in, const Tensors& out) {
                       octet_epilogue epilogue = {};
                       epilogue.bias = test.bias ? in[1] : nullptr;
                       epilogue.activation = test.activation;
                       RowsOf residual_rows(*in[2], test, n);
                       epilogue.residual = has_residual ? &residual_rows.dl : nullptr;
                       epilogue.residual_place = test.place;
                       epilogue.residual_grid = IsCodes(test.residual_type) ? &residual_grid.grid : nullptr;
                       epilogue.out_grid = IsCodes(test.out_type) ? &out_grid.grid : nullptr;
                       RowsOf a_rows(*in[0], test, k);
                       RowsOf out_rows(*out[0], test, n);
                       return RunWhereItIs(run, &a_rows.dl, &epilogue, &out_rows.dl);
                     });
}

}  // namespace test
}  // namespace octet
