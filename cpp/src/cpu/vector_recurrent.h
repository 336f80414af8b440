// SPDX-License-Identifier: Apache-2.0
// Steps of recurrent layers over vectors of sixteen lanes: V as in vector_kernels.h.
#ifndef OCTET_CPU_VECTOR_RECURRENT_H_
#define OCTET_CPU_VECTOR_RECURRENT_H_

#include <cstdint>

#include "cpu/row_kernels.h"
#include "cpu/vector_kernels.h"
#include "numerics/recurrent.h"

namespace octet {
namespace cpu {

template <typename V>
struct VectorRecurrent {
  using Floats = typename V::Floats;

  /** One gate of some units. */
  template <typename Lanes>
  static numerics::GateParts<V> Gate(const Lanes& lanes, const CellRow& row, int64_t hidden, int gate) {
    return {lanes.template Load<float>(static_cast<const char*>(row.input_gates) + gate * hidden * 4),
            lanes.template Load<float>(static_cast<const char*>(row.hidden_gates) + gate * hidden * 4)};
  }

  static void RnnTanh(const CellRow& row, int64_t hidden) {
    ForEachVector<V>(hidden, [&](auto lanes) {
      lanes.template Store<float>(row.hidden, numerics::RnnTanhLanes<V>(Gate(lanes, row, hidden, 0)));
    });
  }

  static void RnnRelu(const CellRow& row, int64_t hidden) {
    ForEachVector<V>(hidden, [&](auto lanes) {
      lanes.template Store<float>(row.hidden, numerics::RnnReluLanes<V>(Gate(lanes, row, hidden, 0)));
    });
  }

  static void Lstm(const CellRow& row, int64_t hidden) {
    ForEachVector<V>(hidden, [&](auto lanes) {
      const numerics::LstmStates<V> states =
          numerics::LstmLanes<V>(Gate(lanes, row, hidden, 0), Gate(lanes, row, hidden, 1), Gate(lanes, row, hidden, 2),
                                 Gate(lanes, row, hidden, 3), lanes.template Load<float>(row.cells));
      lanes.template Store<float>(row.cells, states.cell);
      lanes.template Store<float>(row.hidden, states.hidden);
    });
  }

  static void Gru(const CellRow& row, int64_t hidden) {
    ForEachVector<V>(hidden, [&](auto lanes) {
      lanes.template Store<float>(
          row.hidden, numerics::GruLanes<V>(Gate(lanes, row, hidden, 0), Gate(lanes, row, hidden, 1),
                                            Gate(lanes, row, hidden, 2), lanes.template Load<float>(row.previous)));
    });
  }

  static constexpr RecurrentKernels Make() { return {{RnnTanh, RnnRelu, Lstm, Gru}}; }
};

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_VECTOR_RECURRENT_H_
