// SPDX-License-Identifier: Apache-2.0
#include "cpu/recurrent.h"

#include <algorithm>
#include <cstring>

#include "core/recurrent_walk.h"
#include "cpu/parts.h"
#include "cpu/row_kernels.h"

namespace octet {
namespace cpu {
namespace {

// Units of a piece of work: with AVX-512 some 10 microseconds.
constexpr int64_t kPieceUnits = 8192;

class Backend {
 public:
  Backend() : kernels_(CurrentRowKernels()) {}

  octet_status Product(const FloatActivations& a, const FloatWeights& weights, const float* bias, const RowsView& out,
                       char* workspace) const {
    EpilogueView epilogue;
    epilogue.bias = bias;
    epilogue.out = out;
    FloatGemm(a, weights, epilogue, false, workspace);
    return OCTET_OK;
  }

  octet_status Even(const RecurrentCall& call, int64_t first, int64_t steps, char* to, FloatActivations* result) const {
    const int64_t columns = call.sizes.inputs;
    const int64_t batch = call.sizes.batch;
    const auto load = kernels_.convert.load[RowTypeIndex(call.x_type)];
    const bool alone = steps * batch * columns < 2 * kPieceUnits;
    ForItems(steps, alone, [&](int64_t step) {
      const RowsView rows = call.x.At(first + step, call.x_type);
      for (int64_t row = 0; row < batch; ++row) {
        load(rows.data + row * rows.stride, call.x_step, columns, to + (step * batch + row) * columns * 4);
      }
    });
    result->rows = {to, ElementType::kF32, columns * 4};
    result->step = {1.0f, 0.0f};
    return OCTET_OK;
  }

  octet_status Cells(const RecurrentSizes& sizes, const RecurrentStep& step) const {
    const auto cell = kernels_.recurrent.cell[static_cast<int>(sizes.cell)];
    const int64_t hidden = sizes.hidden;
    const int64_t gate_bytes = sizes.gate_columns() * 4;
    const int64_t pieces = PartsOf(sizes.batch, std::max<int64_t>(1, kPieceUnits / std::max<int64_t>(1, hidden)));
    ForItems(pieces, pieces < 2, [&](int64_t piece) {
      const int64_t end = PartStart(sizes.batch, pieces, piece + 1);
      for (int64_t row = PartStart(sizes.batch, pieces, piece); row < end; ++row) {
        cell({step.input_gates + row * gate_bytes, step.hidden_gates + row * gate_bytes,
              step.previous.data + row * step.previous.stride, step.cells + row * hidden * 4,
              step.hidden.data + row * step.hidden.stride},
             hidden);
      }
    });
    return OCTET_OK;
  }

  octet_status CopyRows(const RowsView& from, const RowsView& to, int64_t rows, int64_t columns) const {
    if (columns == 0) return OCTET_OK;
    for (int64_t row = 0; row < rows; ++row) {
      std::memcpy(to.data + row * to.stride, from.data + row * from.stride, static_cast<size_t>(columns) * 4);
    }
    return OCTET_OK;
  }

  octet_status Zero(char* to, int64_t bytes) const {
    if (bytes != 0) std::memset(to, 0, static_cast<size_t>(bytes));
    return OCTET_OK;
  }

 private:
  const RowKernels& kernels_;
};

int64_t ProductBytes(const RecurrentSizes& sizes) {
  size_t bytes = std::max(FloatGemmWorkspaceSize(RecurrentChunk(sizes) * sizes.batch, sizes.inputs),
                          FloatGemmWorkspaceSize(sizes.batch, sizes.outputs));
  if (sizes.projected) bytes = std::max(bytes, FloatGemmWorkspaceSize(sizes.batch, sizes.hidden));
  return static_cast<int64_t>(bytes);
}

}  // namespace

size_t RecurrentWorkspaceSize(const RecurrentSizes& sizes) {
  return static_cast<size_t>(PlanRecurrent(sizes, ProductBytes(sizes)).bytes);
}

void Recurrent(const RecurrentCall& call, const RecurrentWeights<FloatWeights>& weights, char* workspace) {
  if (call.sizes.batch == 0) return;
  const Backend backend;
  const RecurrentPlan plan = PlanRecurrent(call.sizes, ProductBytes(call.sizes));
  RecurrentWalk<Backend, FloatWeights>(backend, call, weights, plan, workspace).Run();
}

}  // namespace cpu
}  // namespace octet
