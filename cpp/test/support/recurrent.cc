// SPDX-License-Identifier: Apache-2.0
#include "support/recurrent.h"

#include <cmath>

#include "numerics/activation.h"
#include "octet/gemm_float.h"
#include "support/product.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** The arithmetic of the documentation. */
struct AsFloat {
  using Value = float;
  static float Sigmoid(float x) { return numerics::SigmoidLanes<numerics::OneLane>(x); }
  static float Tanh(float x) { return numerics::TanhLanes<numerics::OneLane>(x); }
  template <typename A, typename B>
  static float Product(int64_t k, const A& a, const B& b) {
    return NaiveProduct(k, a, b);
  }
};

struct AsDouble {
  using Value = double;
  static double Sigmoid(double x) { return 1.0 / (1.0 + std::exp(-x)); }
  static double Tanh(double x) { return std::tanh(x); }
  template <typename A, typename B>
  static double Product(int64_t k, const A& a, const B& b) {
    double sum = 0.0;
    for (int64_t i = 0; i < k; ++i) sum += a(i) * b(i);
    return sum;
  }
};

template <typename Arithmetic>
class Reference {
 public:
  using Value = typename Arithmetic::Value;

  Reference(const RecurrentCase& shape, const Recurrent::Direction& weights)
      : shape_(shape),
        input_(weights.input.Values()),
        hidden_(weights.hidden.Values()),
        projection_(weights.projection.Values()) {
    if (!shape.bias) return;
    input_bias_ = weights.input_bias.Values();
    hidden_bias_ = weights.hidden_bias.Values();
  }

  /** A row of x or of a state, times weights, plus bias. */
  std::vector<Value> Gates(const std::vector<float>& weights, const std::vector<float>& bias, const Value* row,
                           int64_t n, int64_t k) const {
    std::vector<Value> gates(static_cast<size_t>(n));
    for (int64_t i = 0; i < n; ++i) {
      const float* line = weights.data() + i * k;
      Value& gate = gates[static_cast<size_t>(i)];
      gate = Arithmetic::Product(
          k, [&](int64_t j) { return row[j]; }, [&](int64_t j) { return static_cast<Value>(line[j]); });
      if (!bias.empty()) gate += static_cast<Value>(bias[static_cast<size_t>(i)]);
    }
    return gates;
  }

  void Step(const Value* x, int64_t inputs, std::vector<Value>* h, std::vector<Value>* c) const {
    const int64_t gates = shape_.gates() * shape_.hidden;
    const std::vector<Value> a = Gates(input_, input_bias_, x, gates, inputs);
    const std::vector<Value> b = Gates(hidden_, hidden_bias_, h->data(), gates, shape_.outputs());
    const size_t hidden = static_cast<size_t>(shape_.hidden);
    std::vector<Value> next(hidden);
    for (size_t u = 0; u < hidden; ++u) {
      const auto sum = [&](size_t gate) { return a[gate * hidden + u] + b[gate * hidden + u]; };
      switch (shape_.cell) {
        case OCTET_CELL_RNN_TANH:
          next[u] = Arithmetic::Tanh(sum(0));
          break;
        case OCTET_CELL_RNN_RELU:
          next[u] = sum(0) > 0 || std::isnan(sum(0)) ? sum(0) : Value(0);
          break;
        case OCTET_CELL_LSTM:
          (*c)[u] =
              std::fma(Arithmetic::Sigmoid(sum(1)), (*c)[u], Arithmetic::Sigmoid(sum(0)) * Arithmetic::Tanh(sum(2)));
          next[u] = Arithmetic::Sigmoid(sum(3)) * Arithmetic::Tanh((*c)[u]);
          break;
        case OCTET_CELL_GRU: {
          const Value reset = Arithmetic::Sigmoid(sum(0));
          const Value candidate = Arithmetic::Tanh(std::fma(reset, b[2 * hidden + u], a[2 * hidden + u]));
          next[u] = std::fma(Arithmetic::Sigmoid(sum(1)), (*h)[u] - candidate, candidate);
          break;
        }
      }
    }
    *h = shape_.projection == 0 ? next : Gates(projection_, {}, next.data(), shape_.projection, shape_.hidden);
  }

 private:
  const RecurrentCase& shape_;
  std::vector<float> input_, hidden_, projection_;
  /** Empty without. */
  std::vector<float> input_bias_, hidden_bias_;
};

template <typename Arithmetic>
RecurrentResult Compute(const RecurrentCase& shape, const std::vector<Recurrent::Direction>& directions,
                        const std::vector<float>& x, const Tensor* h_0, const Tensor* c_0) {
  using Value = typename Arithmetic::Value;
  RecurrentResult result;
  std::vector<Value> sequence(x.begin(), x.end());
  int64_t columns = shape.inputs;
  for (int layer = 0; layer < shape.layers; ++layer) {
    std::vector<Value> outputs(static_cast<size_t>(shape.steps * shape.batch * shape.columns()));
    for (int d = 0; d < shape.directions; ++d) {
      const int index = layer * shape.directions + d;
      const Reference<Arithmetic> reference(shape, directions[static_cast<size_t>(index)]);
      for (int64_t row = 0; row < shape.batch; ++row) {
        std::vector<Value> h(static_cast<size_t>(shape.outputs())), c(static_cast<size_t>(shape.hidden));
        const auto state = [&](const Tensor* from, std::vector<Value>* to) {
          const int64_t size = static_cast<int64_t>(to->size());
          for (int64_t i = 0; from != nullptr && i < size; ++i) {
            (*to)[static_cast<size_t>(i)] = static_cast<Value>(from->Get((index * shape.batch + row) * size + i));
          }
        };
        state(h_0, &h);
        state(c_0, &c);
        for (int64_t s = 0; s < shape.steps; ++s) {
          const int64_t t = d == 0 ? s : shape.steps - 1 - s;
          reference.Step(sequence.data() + (t * shape.batch + row) * columns, columns, &h, &c);
          for (int64_t i = 0; i < shape.outputs(); ++i) {
            outputs[static_cast<size_t>((t * shape.batch + row) * shape.columns() + d * shape.outputs() + i)] =
                h[static_cast<size_t>(i)];
          }
        }
        result.h_n.insert(result.h_n.end(), h.begin(), h.end());
        if (shape.lstm()) result.c_n.insert(result.c_n.end(), c.begin(), c.end());
      }
    }
    sequence = outputs;
    columns = shape.columns();
  }
  result.out.assign(sequence.begin(), sequence.end());
  return result;
}

Tensor RandomTensor(std::vector<int64_t> shape, float deviation, uint32_t seed) {
  Tensor tensor(kF32, std::move(shape));
  tensor.Fill(RandomValues(tensor.count(), deviation, seed));
  return tensor;
}

std::unique_ptr<Aligned> Packed(Tensor* weights) {
  size_t bytes = 0;
  EXPECT_OK(octet_gemm_float_pack_size(weights->dl(), &bytes));
  auto packed = std::make_unique<Aligned>(bytes);
  EXPECT_OK(octet_gemm_float_pack(weights->dl(), packed->data(), packed->size()));
  return packed;
}

}  // namespace

std::string RecurrentCase::Name() const {
  return "cell " + std::to_string(cell) + ", steps " + std::to_string(steps) + ", batch " + std::to_string(batch) +
         ", inputs " + std::to_string(inputs) + ", hidden " + std::to_string(hidden) + ", layers " +
         std::to_string(layers) + ", directions " + std::to_string(directions) + (bias ? "" : ", no bias") +
         ", projection " + std::to_string(projection);
}

Recurrent::Recurrent(const RecurrentCase& shape) : shape_(shape) {
  const int64_t rows = shape.gates() * shape.hidden;
  for (int layer = 0; layer < shape.layers; ++layer) {
    for (int d = 0; d < shape.directions; ++d) {
      const uint32_t seed = static_cast<uint32_t>(10 * directions_.size());
      const int64_t inputs = layer == 0 ? shape.inputs : shape.columns();
      const float deviation = 1.0f / std::sqrt(static_cast<float>(shape.hidden) + 1.0f);
      Direction direction = {RandomTensor({rows, inputs}, deviation, seed + 1),
                             RandomTensor({rows, shape.outputs()}, deviation, seed + 2),
                             RandomTensor({shape.projection, shape.hidden}, deviation, seed + 3),
                             RandomTensor({rows}, 0.5f, seed + 4),
                             RandomTensor({rows}, 0.5f, seed + 5),
                             nullptr,
                             nullptr,
                             nullptr};
      direction.packed_input = Packed(&direction.input);
      direction.packed_hidden = Packed(&direction.hidden);
      if (shape.projection != 0) direction.packed_projection = Packed(&direction.projection);
      directions_.push_back(std::move(direction));
    }
  }
  for (Direction& direction : directions_) {
    octet_recurrent_weights weights = {};
    weights.input_weights = direction.packed_input->data();
    weights.input_weights_bytes = direction.packed_input->size();
    weights.hidden_weights = direction.packed_hidden->data();
    weights.hidden_weights_bytes = direction.packed_hidden->size();
    if (direction.packed_projection != nullptr) {
      weights.projection = direction.packed_projection->data();
      weights.projection_bytes = direction.packed_projection->size();
    }
    if (shape.bias) {
      weights.input_bias = direction.input_bias.dl();
      weights.hidden_bias = direction.hidden_bias.dl();
    }
    weights_.push_back(weights);
  }
  layers_ = {shape.cell, shape.layers, shape.directions, weights_.data()};
}

RecurrentResult Recurrent::Expected(const std::vector<float>& x, const Tensor* h_0, const Tensor* c_0,
                                    bool as_double) const {
  return as_double ? Compute<AsDouble>(shape_, directions_, x, h_0, c_0)
                   : Compute<AsFloat>(shape_, directions_, x, h_0, c_0);
}

octet_status RunRecurrent(const octet_recurrent_layers* layers, const DLTensor* x, const octet_grid* x_grid,
                          const octet_recurrent_states* states, DLTensor* out) {
  size_t bytes = 0;
  const octet_status status = octet_recurrent_workspace_size(layers, x, &bytes);
  if (status != OCTET_OK) return status;
  const Aligned workspace(bytes);
  return octet_recurrent(layers, x, x_grid, states, out, workspace.data(), workspace.size(), nullptr);
}

}  // namespace test
}  // namespace octet
