// SPDX-License-Identifier: Apache-2.0
// Recurrent layers with weights of their own, and their results by the formulas, written down a second time.
#ifndef OCTET_TEST_SUPPORT_RECURRENT_H_
#define OCTET_TEST_SUPPORT_RECURRENT_H_

#include <memory>
#include <string>
#include <vector>

#include "octet/recurrent.h"
#include "support/gemm.h"
#include "support/tensor.h"

namespace octet {
namespace test {

struct RecurrentCase {
  octet_recurrent_cell cell;
  int64_t steps, batch, inputs, hidden;
  int layers = 1;
  int directions = 1;
  bool bias = true;
  /** 0: none. */
  int64_t projection = 0;

  int64_t gates() const { return cell == OCTET_CELL_LSTM ? 4 : cell == OCTET_CELL_GRU ? 3 : 1; }
  int64_t outputs() const { return projection == 0 ? hidden : projection; }
  int64_t columns() const { return directions * outputs(); }
  bool lstm() const { return cell == OCTET_CELL_LSTM; }
  std::string Name() const;
};

/** What layers give: out, h_n and, of LSTMs, c_n. */
struct RecurrentResult {
  std::vector<float> out, h_n, c_n;
};

class Recurrent {
 public:
  /** Random weights, the same for the same case. */
  explicit Recurrent(const RecurrentCase& shape);

  const octet_recurrent_layers* layers() const { return &layers_; }
  /** For altered copies. */
  std::vector<octet_recurrent_weights> weights() const { return weights_; }

  /** Weights as they were before packing. */
  struct Direction {
    Tensor input, hidden, projection, input_bias, hidden_bias;
    std::unique_ptr<Aligned> packed_input, packed_hidden, packed_projection;
  };
  std::vector<Direction>& directions() { return directions_; }

  /**
   * The outputs for x [T, B, inputs] and states as octet_recurrent takes them, null for zeros. With `as_double`
   * everything is computed in double, with std::tanh and std::exp: against that results are compared within a
   * tolerance; else in the arithmetic that the documentation says, bit for bit.
   */
  RecurrentResult Expected(const std::vector<float>& x, const Tensor* h_0, const Tensor* c_0, bool as_double) const;

 private:
  RecurrentCase shape_;
  std::vector<Direction> directions_;
  std::vector<octet_recurrent_weights> weights_;
  octet_recurrent_layers layers_;
};

/** Asks for a workspace and runs. */
octet_status RunRecurrent(const octet_recurrent_layers* layers, const DLTensor* x, const octet_grid* x_grid,
                          const octet_recurrent_states* states, DLTensor* out);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_SUPPORT_RECURRENT_H_
