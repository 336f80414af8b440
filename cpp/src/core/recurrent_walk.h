// SPDX-License-Identifier: Apache-2.0
// The products and steps of one direction of one recurrent layer in their order, the same for every backend.
#ifndef OCTET_CORE_RECURRENT_WALK_H_
#define OCTET_CORE_RECURRENT_WALK_H_

#include <algorithm>

#include "core/float_activations.h"
#include "core/recurrent_call.h"
#include "octet/status.h"

namespace octet {

/**
 * Backend: a class with
 *
 *   Product(a, weight, bias, out, workspace)     out = a * weight^T + bias, f32
 *   Even(call, first_step, steps, to, result)    rows of x brought to one stride, at `to`
 *   Cells(sizes, step)                           one step of the cell
 *   CopyRows(from, to, rows, columns)            of f32
 *   Zero(to, bytes)
 *
 * all of which return an octet_status.
 */
template <typename Backend, typename Weight>
class RecurrentWalk {
 public:
  RecurrentWalk(const Backend& backend, const RecurrentCall& call, const RecurrentWeights<Weight>& weights,
                const RecurrentPlan& plan, char* workspace)
      : backend_(backend), call_(call), sizes_(call.sizes), weights_(weights), plan_(plan), workspace_(workspace) {}

  octet_status Run() {
    octet_status status = Begin();
    for (int64_t done = 0; status == OCTET_OK && done < sizes_.steps; done += plan_.chunk) {
      status = RunChunk(done, std::min(plan_.chunk, sizes_.steps - done));
    }
    return status == OCTET_OK ? End() : status;
  }

 private:
  static bool IsLstm(const RecurrentSizes& sizes) { return sizes.cell == RecurrentCell::kLstm; }

  RowsView Compact(int64_t place, int64_t columns) const {
    return {workspace_ + place, ElementType::kF32, columns * 4};
  }

  octet_status Begin() {
    state_ = call_.h_0;
    if (state_.data == nullptr) {
      state_ = Compact(plan_.zeros, sizes_.outputs);
      const octet_status status = backend_.Zero(state_.data, sizes_.batch * sizes_.outputs * 4);
      if (status != OCTET_OK) return status;
    }
    if (!IsLstm(sizes_)) return OCTET_OK;
    const RowsView cells = Compact(plan_.cells, sizes_.hidden);
    if (call_.c_0.data == nullptr) return backend_.Zero(cells.data, sizes_.batch * sizes_.hidden * 4);
    return backend_.CopyRows(call_.c_0, cells, sizes_.batch, sizes_.hidden);
  }

  octet_status End() {
    octet_status status = OCTET_OK;
    // Without steps the state is still the initial one, and may be the same memory.
    if (call_.h_n.data != nullptr && call_.h_n.data != state_.data) {
      status = backend_.CopyRows(state_, call_.h_n, sizes_.batch, sizes_.outputs);
    }
    if (status == OCTET_OK && call_.c_n.data != nullptr) {
      status = backend_.CopyRows(Compact(plan_.cells, sizes_.hidden), call_.c_n, sizes_.batch, sizes_.hidden);
    }
    return status;
  }

  /** Where the step that is number `number` in the order of steps lies in the sequence. */
  int64_t PlaceOf(int64_t number) const { return call_.reverse ? sizes_.steps - 1 - number : number; }

  octet_status RunChunk(int64_t done, int64_t steps) {
    const int64_t first = call_.reverse ? PlaceOf(done + steps - 1) : done;
    FloatActivations x;
    x.m = steps * sizes_.batch;
    x.rows = call_.x.At(first, call_.x_type);
    x.step = call_.x_step;
    if (!sizes_.even_rows) {
      const octet_status status = backend_.Even(call_, first, steps, workspace_ + plan_.even, &x);
      if (status != OCTET_OK) return status;
    } else if (sizes_.batch == 1) {
      x.rows.stride = call_.x.step_stride;
    }
    const RowsView gates = Compact(plan_.gates, sizes_.gate_columns());
    octet_status status = backend_.Product(x, weights_.input, call_.input_bias, gates, workspace_ + plan_.product);
    for (int64_t number = done; status == OCTET_OK && number < done + steps; ++number) {
      const int64_t place = PlaceOf(number);
      status =
          RunStep(gates.data + (place - first) * sizes_.batch * gates.stride, call_.out.At(place, ElementType::kF32));
    }
    return status;
  }

  octet_status RunStep(const char* input_gates, const RowsView& out) {
    FloatActivations state;
    state.m = sizes_.batch;
    state.rows = state_;
    const RowsView hidden_gates = Compact(plan_.hidden_gates, sizes_.gate_columns());
    octet_status status =
        backend_.Product(state, weights_.hidden, call_.hidden_bias, hidden_gates, workspace_ + plan_.product);
    if (status != OCTET_OK) return status;
    RecurrentStep step;
    step.input_gates = input_gates;
    step.hidden_gates = hidden_gates.data;
    step.previous = state_;
    step.cells = workspace_ + plan_.cells;
    step.hidden = sizes_.projected ? Compact(plan_.unprojected, sizes_.hidden) : out;
    status = backend_.Cells(sizes_, step);
    if (status == OCTET_OK && sizes_.projected) {
      FloatActivations unprojected;
      unprojected.m = sizes_.batch;
      unprojected.rows = step.hidden;
      status = backend_.Product(unprojected, weights_.projection, nullptr, out, workspace_ + plan_.product);
    }
    state_ = out;
    return status;
  }

  const Backend& backend_;
  const RecurrentCall& call_;
  const RecurrentSizes& sizes_;
  const RecurrentWeights<Weight>& weights_;
  const RecurrentPlan& plan_;
  char* const workspace_;
  RowsView state_;
};

}  // namespace octet

#endif  // OCTET_CORE_RECURRENT_WALK_H_
