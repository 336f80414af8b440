// SPDX-License-Identifier: Apache-2.0
// Recurrent layers: products of floats as they are, and one kernel for what is left of a step, a thread a unit. The
// launches of all steps follow one another in the stream: a graph of them costs the host nothing.
#include "cuda/recurrent.h"

#include <algorithm>

#include "core/recurrent_walk.h"
#include "cuda/divider.h"
#include "cuda/float/float_gemm.h"
#include "cuda/launch.h"
#include "cuda/map_kernels.h"
#include "numerics/recurrent.h"

namespace octet {
namespace cuda {
namespace {

constexpr int kThreads = 128;

struct Parameters {
  const float* input_gates;
  const float* hidden_gates;
  const char* previous;
  float* cells;
  char* out;
  /** In bytes. */
  int64_t previous_stride;
  int64_t out_stride;
  int64_t elements;
  Divider hidden;
  int64_t gates;
};

__device__ numerics::GateParts<numerics::OneLane> Gate(const Parameters& p, int64_t first, int gate) {
  const int64_t at = first + gate * p.hidden.divisor;
  return {p.input_gates[at], p.hidden_gates[at]};
}

template <RecurrentCell kCell>
__global__ void __launch_bounds__(kThreads) CellKernel(const __grid_constant__ Parameters p) {
  using Lane = numerics::OneLane;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x;
  if (index >= p.elements) return;
  const Divider::Result place = p.hidden.Divide(index);
  const int64_t row = place.quotient;
  const int64_t unit = place.remainder;
  const int64_t first = row * p.gates * p.hidden.divisor + unit;
  float* const out = reinterpret_cast<float*>(p.out + row * p.out_stride) + unit;
  if constexpr (kCell == RecurrentCell::kLstm) {
    const numerics::LstmStates<Lane> states = numerics::LstmLanes<Lane>(
        Gate(p, first, 0), Gate(p, first, 1), Gate(p, first, 2), Gate(p, first, 3), p.cells[index]);
    p.cells[index] = states.cell;
    *out = states.hidden;
  } else if constexpr (kCell == RecurrentCell::kGru) {
    const float previous = *(reinterpret_cast<const float*>(p.previous + row * p.previous_stride) + unit);
    *out = numerics::GruLanes<Lane>(Gate(p, first, 0), Gate(p, first, 1), Gate(p, first, 2), previous);
  } else if constexpr (kCell == RecurrentCell::kRnnTanh) {
    *out = numerics::RnnTanhLanes<Lane>(Gate(p, first, 0));
  } else {
    *out = numerics::RnnReluLanes<Lane>(Gate(p, first, 0));
  }
}

/** A tensor of f32 rows. */
TensorView MatrixOf(const RowsView& rows, int64_t count, int64_t columns) {
  TensorView view;
  view.data = rows.data;
  view.ndim = 2;
  view.count = count * columns;
  view.shape[0] = count;
  view.shape[1] = columns;
  view.strides[0] = rows.stride / 4;
  view.strides[1] = 1;
  return view;
}

class Backend {
 public:
  explicit Backend(const Call* call) : call_(call), products_(TheFloatGemmFunctions()) {}

  octet_status Product(const FloatActivations& a, const DeviceFloatWeights& weights, const float* bias,
                       const RowsView& out, char* workspace) const {
    EpilogueView epilogue;
    epilogue.bias = bias;
    epilogue.out = out;
    return products_.run(call_, &a, &weights, &epilogue, workspace);
  }

  octet_status Even(const RecurrentCall& call, int64_t first, int64_t steps, char* to, FloatActivations* result) const {
    const int64_t item = SizeOf(call.x_type);
    TensorView from;
    from.data = call.x.data + first * call.x.step_stride;
    from.type = call.x_type;
    from.ndim = 3;
    from.count = steps * call.sizes.batch * call.sizes.inputs;
    TensorView even = from;
    even.data = to;
    const int64_t shape[] = {steps, call.sizes.batch, call.sizes.inputs};
    const int64_t from_strides[] = {call.x.step_stride / item, call.x.row_stride / item, 1};
    const int64_t even_strides[] = {call.sizes.batch * call.sizes.inputs, call.sizes.inputs, 1};
    std::copy_n(shape, 3, from.shape);
    std::copy_n(shape, 3, even.shape);
    std::copy_n(from_strides, 3, from.strides);
    std::copy_n(even_strides, 3, even.strides);
    result->rows = {to, call.x_type, call.sizes.inputs * item};
    return Copy(call_, &from, &even);
  }

  octet_status Cells(const RecurrentSizes& sizes, const RecurrentStep& step) const {
    Parameters p = {};
    p.input_gates = reinterpret_cast<const float*>(step.input_gates);
    p.hidden_gates = reinterpret_cast<const float*>(step.hidden_gates);
    p.previous = step.previous.data;
    p.previous_stride = step.previous.stride;
    p.cells = reinterpret_cast<float*>(step.cells);
    p.out = step.hidden.data;
    p.out_stride = step.hidden.stride;
    p.elements = sizes.batch * sizes.hidden;
    if (p.elements == 0) return OCTET_OK;
    p.hidden = DividerOf(sizes.hidden);
    p.gates = GatesOf(sizes.cell);
    const DeviceScope scope(call_);
    if (scope.error() != cudaSuccess) return Report(call_, "recurrent", scope.error());
    const auto blocks = static_cast<unsigned>((p.elements + kThreads - 1) / kThreads);
    switch (sizes.cell) {
      case RecurrentCell::kRnnTanh:
        CellKernel<RecurrentCell::kRnnTanh><<<blocks, kThreads, 0, StreamOf(call_)>>>(p);
        break;
      case RecurrentCell::kRnnRelu:
        CellKernel<RecurrentCell::kRnnRelu><<<blocks, kThreads, 0, StreamOf(call_)>>>(p);
        break;
      case RecurrentCell::kLstm:
        CellKernel<RecurrentCell::kLstm><<<blocks, kThreads, 0, StreamOf(call_)>>>(p);
        break;
      case RecurrentCell::kGru:
        CellKernel<RecurrentCell::kGru><<<blocks, kThreads, 0, StreamOf(call_)>>>(p);
        break;
    }
    return Launched(call_, "recurrent");
  }

  octet_status CopyRows(const RowsView& from, const RowsView& to, int64_t rows, int64_t columns) const {
    const TensorView source = MatrixOf(from, rows, columns);
    const TensorView target = MatrixOf(to, rows, columns);
    return Copy(call_, &source, &target);
  }

  octet_status Zero(char* to, int64_t bytes) const {
    if (bytes == 0) return OCTET_OK;
    const DeviceScope scope(call_);
    if (scope.error() != cudaSuccess) return Report(call_, "cudaSetDevice", scope.error());
    const cudaError_t error = cudaMemsetAsync(to, 0, static_cast<size_t>(bytes), StreamOf(call_));
    return error == cudaSuccess ? OCTET_OK : Report(call_, "cudaMemsetAsync", error);
  }

 private:
  const Call* call_;
  FloatGemmFunctions products_;
};

/** The most of the products that are run: those of a whole piece, of the last one, and of a step. */
octet_status ProductBytes(const Call* call, const RecurrentSizes& sizes, int64_t* most) {
  const FloatGemmFunctions products = TheFloatGemmFunctions();
  const int64_t chunk = RecurrentChunk(sizes);
  const int64_t last = chunk == 0 ? 0 : sizes.steps % chunk;
  struct Product {
    int64_t m, n, k;
  };
  const Product all[] = {{chunk * sizes.batch, sizes.gate_columns(), sizes.inputs},
                         {last * sizes.batch, sizes.gate_columns(), sizes.inputs},
                         {sizes.batch, sizes.gate_columns(), sizes.outputs},
                         {sizes.projected ? sizes.batch : 0, sizes.outputs, sizes.hidden}};
  *most = 0;
  for (const Product& product : all) {
    size_t bytes = 0;
    const octet_status status = products.workspace_size(call, product.m, product.n, product.k, &bytes);
    if (status != OCTET_OK) return status;
    *most = std::max(*most, static_cast<int64_t>(bytes));
  }
  return OCTET_OK;
}

octet_status WorkspaceSize(const Call* call, const RecurrentSizes* sizes, size_t* bytes) {
  int64_t product_bytes = 0;
  const octet_status status = ProductBytes(call, *sizes, &product_bytes);
  if (status != OCTET_OK) return status;
  *bytes = static_cast<size_t>(PlanRecurrent(*sizes, product_bytes).bytes);
  return OCTET_OK;
}

octet_status Run(const Call* call, const RecurrentCall* recurrent, const RecurrentWeights<DeviceFloatWeights>* weights,
                 void* workspace) {
  if (recurrent->sizes.batch == 0) return OCTET_OK;
  int64_t product_bytes = 0;
  const octet_status status = ProductBytes(call, recurrent->sizes, &product_bytes);
  if (status != OCTET_OK) return status;
  const Backend backend(call);
  const RecurrentPlan plan = PlanRecurrent(recurrent->sizes, product_bytes);
  return RecurrentWalk<Backend, DeviceFloatWeights>(backend, *recurrent, *weights, plan, static_cast<char*>(workspace))
      .Run();
}

}  // namespace

RecurrentFunctions TheRecurrentFunctions() { return {WorkspaceSize, Run}; }

}  // namespace cuda
}  // namespace octet
