// SPDX-License-Identifier: Apache-2.0
// One direction of one recurrent layer as backends take it: checked arguments, and where things lie in its workspace.
#ifndef OCTET_CORE_RECURRENT_CALL_H_
#define OCTET_CORE_RECURRENT_CALL_H_

#include <algorithm>
#include <cstdint>

#include "core/epilogue_view.h"
#include "core/packed_gemm.h"

namespace octet {

/** In the order of octet_recurrent_cell. */
enum class RecurrentCell { kRnnTanh, kRnnRelu, kLstm, kGru };
constexpr int kRecurrentCells = 4;

constexpr int64_t GatesOf(RecurrentCell cell) {
  switch (cell) {
    case RecurrentCell::kLstm:
      return 4;
    case RecurrentCell::kGru:
      return 3;
    default:
      return 1;
  }
}

struct RecurrentSizes {
  RecurrentCell cell = RecurrentCell::kLstm;
  int64_t steps = 0;
  int64_t batch = 0;
  int64_t inputs = 0;
  int64_t hidden = 0;
  /** Of the state that is passed on: hidden, or the rows of a projection. */
  int64_t outputs = 0;
  bool projected = false;
  /** Whether the rows [steps * batch, inputs] of x have one stride. */
  bool even_rows = true;

  int64_t gate_columns() const { return GatesOf(cell) * hidden; }
};

/** Rows [steps, batch] of elements without gaps; strides in bytes. */
struct StepRows {
  char* data = nullptr;
  int64_t step_stride = 0;
  int64_t row_stride = 0;

  RowsView At(int64_t step, ElementType type) const { return {data + step * step_stride, type, row_stride}; }
};

struct RecurrentCall {
  RecurrentSizes sizes;
  /** From the last step to the first. */
  bool reverse = false;
  StepRows x;
  ElementType x_type = ElementType::kF32;
  numerics::Step x_step = {1.0f, 0.0f};
  /** f32 at any alignment; null: 0. */
  const float* input_bias = nullptr;
  const float* hidden_bias = nullptr;
  /** f32 rows, one for each of the batch. data is null: 0, or not wanted. */
  RowsView h_0;
  RowsView c_0;
  RowsView h_n;
  RowsView c_n;
  /** f32. */
  StepRows out;
};

/** Weight: what a backend calls the right operand of a product of floats. */
template <typename Weight>
struct RecurrentWeights {
  Weight input;
  Weight hidden;
  /** If there is one. */
  Weight projection;
};

/** Places in a workspace, in bytes from its beginning; all are multiples of kRecurrentAlignment. */
struct RecurrentPlan {
  /** Steps whose gates are computed at once. */
  int64_t chunk = 0;
  /** The inputs' parts of the gates [chunk, batch, gate_columns]. */
  int64_t gates = 0;
  /** The state's part of a step's gates. */
  int64_t hidden_gates = 0;
  /** States of cells [batch, hidden]. */
  int64_t cells = 0;
  /** What is to be projected [batch, hidden]. */
  int64_t unprojected = 0;
  /** An initial state of zeros [batch, outputs]. */
  int64_t zeros = 0;
  /** x of a chunk with even rows. */
  int64_t even = 0;
  int64_t product = 0;
  int64_t bytes = 0;
};

constexpr int64_t kRecurrentAlignment = 256;

/** Rows of a product that make the most of its weights, and gates that caches of the second or third level hold. */
constexpr int64_t kRecurrentGateBytes = int64_t{16} << 20;

inline int64_t RecurrentChunk(const RecurrentSizes& sizes) {
  const int64_t step_bytes = std::max<int64_t>(1, sizes.batch * sizes.gate_columns() * 4);
  return std::min(sizes.steps, std::max<int64_t>(1, kRecurrentGateBytes / step_bytes));
}

/** product_bytes: of workspace for the greatest of the products of [chunk * batch] and of [batch] rows. */
inline RecurrentPlan PlanRecurrent(const RecurrentSizes& sizes, int64_t product_bytes) {
  RecurrentPlan plan;
  plan.chunk = RecurrentChunk(sizes);
  const auto take = [&plan](int64_t floats) {
    const int64_t place = plan.bytes;
    plan.bytes += RoundUp(floats * 4, kRecurrentAlignment);
    return place;
  };
  plan.gates = take(plan.chunk * sizes.batch * sizes.gate_columns());
  plan.hidden_gates = take(sizes.batch * sizes.gate_columns());
  plan.cells = take(sizes.cell == RecurrentCell::kLstm ? sizes.batch * sizes.hidden : 0);
  plan.unprojected = take(sizes.projected ? sizes.batch * sizes.hidden : 0);
  plan.zeros = take(sizes.batch * sizes.outputs);
  plan.even = take(sizes.even_rows ? 0 : plan.chunk * sizes.batch * sizes.inputs);
  plan.product = plan.bytes;
  plan.bytes += RoundUp(product_bytes, kRecurrentAlignment);
  return plan;
}

/** One step of all rows of the batch; f32. */
struct RecurrentStep {
  /** [batch, gate_columns], without gaps between the rows. */
  const char* input_gates = nullptr;
  const char* hidden_gates = nullptr;
  /** The state before. */
  RowsView previous;
  /** Of LSTMs: [batch, hidden] without gaps, read and written. */
  char* cells = nullptr;
  /** Out: the new state, or what is to be projected. */
  RowsView hidden;
};

}  // namespace octet

#endif  // OCTET_CORE_RECURRENT_CALL_H_
