// SPDX-License-Identifier: Apache-2.0
#include "octet/recurrent.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/grids.h"
#include "support/recurrent.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

constexpr octet_recurrent_cell kCells[] = {OCTET_CELL_RNN_TANH, OCTET_CELL_RNN_RELU, OCTET_CELL_LSTM, OCTET_CELL_GRU};

/** A tensor [T, B, ...] in memory of [B, T, ...]. */
class Swapped {
 public:
  explicit Swapped(Tensor* whole)
      : shape_{whole->shape()[1], whole->shape()[0], whole->shape()[2]},
        strides_{whole->shape()[2], whole->shape()[1] * whole->shape()[2], 1},
        dl_(*whole->dl()) {}
  Swapped(const Swapped&) = delete;
  DLTensor* dl() {
    dl_.shape = shape_;
    dl_.strides = strides_;
    return &dl_;
  }

 private:
  int64_t shape_[3];
  int64_t strides_[3];
  DLTensor dl_;
};

Tensor StateTensor(const RecurrentCase& shape, int64_t columns, uint32_t seed, Layout layout = Layout::kCompact) {
  Tensor state(kF32, {shape.layers * shape.directions, shape.batch, columns}, layout);
  state.Fill(RandomValues(state.count(), 0.5f, seed));
  return state;
}

std::vector<Tensor> OutputTensors(const RecurrentCase& shape) {
  std::vector<Tensor> outputs;
  outputs.emplace_back(kF32, std::vector<int64_t>{shape.steps, shape.batch, shape.columns()});
  outputs.push_back(StateTensor(shape, shape.outputs(), 1));
  outputs.push_back(StateTensor(shape, shape.hidden, 2));
  return outputs;
}

void ExpectValues(const Tensor& actual, const std::vector<float>& expected, float tolerance, const char* what) {
  ASSERT_EQ(actual.count(), static_cast<int64_t>(expected.size())) << what;
  for (int64_t i = 0; i < actual.count(); ++i) {
    const float value = expected[static_cast<size_t>(i)];
    if (std::isnan(value)) {
      ASSERT_TRUE(std::isnan(actual.Get(i))) << what << " " << i;
    } else {
      ASSERT_NEAR(actual.Get(i), static_cast<double>(value), static_cast<double>(tolerance)) << what << " " << i;
    }
  }
}

/** Runs on all paths, with and without initial states, and holds the results to the formulas. */
void Check(const RecurrentCase& shape, DLDataType type = kF32) {
  SCOPED_TRACE(shape.Name() + " " + TypeName(type));
  const Recurrent network(shape);
  const TensorGrid grid(type, 0.02f, 5.0f);
  Tensor x(type, {shape.steps, shape.batch, shape.inputs});
  const std::vector<float> values = RandomValues(x.count(), 1.0f, 3);
  std::vector<float> stored;
  for (int64_t i = 0; i < x.count(); ++i) {
    x.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
    stored.push_back(static_cast<float>(grid.ValueOf(x.Get(i))));
  }
  Tensor h_0 = StateTensor(shape, shape.outputs(), 7);
  Tensor c_0 = StateTensor(shape, shape.hidden, 8);
  for (const bool initial : {true, false}) {
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> results = OutputTensors(shape);
      octet_recurrent_states states = {};
      states.h_n = results[1].dl();
      if (shape.lstm()) states.c_n = results[2].dl();
      if (initial) states.h_0 = h_0.dl();
      if (initial && shape.lstm()) states.c_0 = c_0.dl();
      EXPECT_OK(RunRecurrent(network.layers(), x.dl(), grid.get(), &states, results[0].dl()));
      return results;
    });
    for (const bool as_double : {false, true}) {
      const RecurrentResult expected =
          network.Expected(stored, initial ? &h_0 : nullptr, initial ? &c_0 : nullptr, as_double);
      const float tolerance = as_double ? 2e-5f : 0.0f;
      ExpectValues(outputs[0], expected.out, tolerance, "out");
      ExpectValues(outputs[1], expected.h_n, tolerance, "h_n");
      if (shape.lstm()) ExpectValues(outputs[2], expected.c_n, tolerance, "c_n");
    }
  }
}

TEST(Recurrent, EqualsTheFormula) {
  for (octet_recurrent_cell cell : kCells) {
    Check({cell, 4, 3, 5, 19});
    Check({cell, 5, 2, 3, 17, 3, 2});
    Check({cell, 3, 1, 33, 40, 2, 1, false});
  }
  Check({OCTET_CELL_LSTM, 4, 3, 5, 19, 2, 2, true, 7});
  Check({OCTET_CELL_LSTM, 3, 2, 4, 33, 1, 1, false, 18});
}

TEST(Recurrent, TakesSizesOfAnyKind) {
  for (octet_recurrent_cell cell : kCells) {
    for (int64_t steps : {0, 1, 2}) {
      for (int64_t batch : {0, 1, 5}) {
        for (int64_t hidden : {0, 1, 16, 31}) {
          Check({cell, steps, batch, 3, hidden});
          if (cell == OCTET_CELL_LSTM) Check({cell, steps, batch, 0, hidden, 2, 2, true, 3});
        }
      }
    }
  }
}

TEST(Recurrent, TakesInputsOfEveryType) {
  for (DLDataType type : kValueTypes) {
    for (octet_recurrent_cell cell : kCells) Check({cell, 3, 2, 9, 6, 2}, type);
  }
}

TEST(Recurrent, LargeLayersUseAllThreads) {
  Check({OCTET_CELL_LSTM, 2, 34, 9, 250});
  Check({OCTET_CELL_GRU, 2, 150, 3, 120});
}

/** The gates of all steps take more than is computed at once; the last piece is a smaller one. */
TEST(Recurrent, ManyStepsRunInPieces) {
  const KeepSettings keep;
  const RecurrentCase shape = {OCTET_CELL_GRU, 720, 500, 1, 4, 1, 2};
  const Recurrent network(shape);
  Tensor x(kF32, {shape.steps, shape.batch, shape.inputs});
  x.Fill(RandomValues(x.count(), 1.0f, 3));
  Tensor out(kF32, {shape.steps, shape.batch, shape.columns()});
  ASSERT_OK(RunRecurrent(network.layers(), x.dl(), nullptr, nullptr, out.dl()));
  const RecurrentResult expected = network.Expected(x.Values(), nullptr, nullptr, false);
  ExpectValues(out, expected.out, 0.0f, "out");
}

TEST(Recurrent, TakesSequencesInAnyOrder) {
  for (octet_recurrent_cell cell : kCells) {
    const RecurrentCase shape = {cell, 6, 4, 5, 9, 2, 2};
    SCOPED_TRACE(shape.Name());
    const Recurrent network(shape);
    for (DLDataType type : kValueTypes) {
      const TensorGrid grid(type, 0.02f, 5.0f);
      Tensor x(type, {shape.batch, shape.steps, shape.inputs});
      for (int64_t i = 0; i < x.count(); ++i) x.Set(i, grid.StoredOf(std::sin(static_cast<double>(i))));
      Tensor out(kF32, {shape.batch, shape.steps, shape.columns()}, Layout::kMisaligned);
      ASSERT_OK(RunRecurrent(network.layers(), Swapped(&x).dl(), grid.get(), nullptr, Swapped(&out).dl()));
      EXPECT_TRUE(out.GapsAreIntact());
      std::vector<float> ordered;
      for (int64_t t = 0; t < shape.steps; ++t) {
        for (int64_t b = 0; b < shape.batch; ++b) {
          for (int64_t i = 0; i < shape.inputs; ++i) {
            ordered.push_back(static_cast<float>(grid.ValueOf(x.Get((b * shape.steps + t) * shape.inputs + i))));
          }
        }
      }
      const RecurrentResult expected = network.Expected(ordered, nullptr, nullptr, false);
      for (int64_t i = 0; i < out.count(); ++i) {
        const int64_t column = i % shape.columns(), row = i / shape.columns();
        const int64_t place = (row % shape.steps * shape.batch + row / shape.steps) * shape.columns() + column;
        ASSERT_EQ(out.Get(i), static_cast<double>(expected.out[static_cast<size_t>(place)])) << i;
      }
    }
  }
}

TEST(Recurrent, StatesMayBeKeptInPlace) {
  const RecurrentCase shape = {OCTET_CELL_LSTM, 5, 3, 4, 21, 2, 2};
  const Recurrent network(shape);
  Tensor x(kF32, {shape.steps, shape.batch, shape.inputs});
  x.Fill(RandomValues(x.count(), 1.0f, 3));
  Tensor h = StateTensor(shape, shape.outputs(), 7, Layout::kMisaligned);
  Tensor c = StateTensor(shape, shape.hidden, 8, Layout::kMisaligned);
  const RecurrentResult expected = network.Expected(x.Values(), &h, &c, false);
  const octet_recurrent_states states = {h.dl(), c.dl(), h.dl(), c.dl()};
  Tensor out(kF32, {shape.steps, shape.batch, shape.columns()});
  ASSERT_OK(RunRecurrent(network.layers(), x.dl(), nullptr, &states, out.dl()));
  ExpectValues(out, expected.out, 0.0f, "out");
  ExpectValues(h, expected.h_n, 0.0f, "h_n");
  ExpectValues(c, expected.c_n, 0.0f, "c_n");
}

TEST(Recurrent, NanAndInfinityGoThrough) {
  for (octet_recurrent_cell cell : kCells) {
    const RecurrentCase shape = {cell, 3, 4, 2, 18};
    SCOPED_TRACE(shape.Name());
    const Recurrent network(shape);
    Tensor x(kF32, {shape.steps, shape.batch, shape.inputs});
    x.Fill(RandomValues(x.count(), 1.0f, 3));
    x.Set(2, std::numeric_limits<double>::quiet_NaN());
    x.Set(4, std::numeric_limits<double>::infinity());
    x.Set(6, 3e38);
    const auto outputs = SameOnAllPaths([&] {
      std::vector<Tensor> results = OutputTensors(shape);
      EXPECT_OK(RunRecurrent(network.layers(), x.dl(), nullptr, nullptr, results[0].dl()));
      return results;
    });
    const RecurrentResult expected = network.Expected(x.Values(), nullptr, nullptr, false);
    for (int64_t i = 0; i < outputs[0].count(); ++i) {
      const float value = expected.out[static_cast<size_t>(i)];
      if (std::isnan(value)) {
        ASSERT_TRUE(std::isnan(outputs[0].Get(i))) << i;
      } else {
        ASSERT_EQ(outputs[0].Get(i), static_cast<double>(value)) << i;
      }
    }
    EXPECT_TRUE(std::isnan(outputs[0].Get(shape.hidden)));
    EXPECT_FALSE(std::isnan(outputs[0].Get(0)));
  }
}

/** Weights of codes: what octet_gemm_float does with them. */
TEST(Recurrent, TakesWeightsOfCodes) {
  const RecurrentCase shape = {OCTET_CELL_GRU, 3, 2, 12, 8};
  const Recurrent network(shape);
  Weights input(24, 12, kWeightKinds[0], 6), hidden(24, 8, kWeightKinds[0], 7);
  input.Pack();
  hidden.Pack();
  std::vector<octet_recurrent_weights> coded = network.weights();
  coded[0].input_weights = input.packed->data();
  coded[0].input_weights_bytes = input.packed->size();
  coded[0].hidden_weights = hidden.packed->data();
  coded[0].hidden_weights_bytes = hidden.packed->size();
  Recurrent same(shape);
  const auto values = [](const Weights& weights, Tensor* to) {
    const int64_t k = to->shape()[1];
    for (int64_t i = 0; i < to->count(); ++i) {
      const float centred = static_cast<float>(weights.codes.Get(i) - static_cast<double>(weights.zero_point(i / k)));
      to->Set(i, static_cast<double>(weights.scale(i / k) * centred));
    }
  };
  values(input, &same.directions()[0].input);
  values(hidden, &same.directions()[0].hidden);
  const octet_recurrent_layers layers = {shape.cell, 1, 1, coded.data()};
  Tensor x(kF32, {shape.steps, shape.batch, shape.inputs});
  x.Fill(RandomValues(x.count(), 1.0f, 3));
  const auto outputs = SameOnAllPaths([&] {
    std::vector<Tensor> results = OutputTensors(shape);
    EXPECT_OK(RunRecurrent(&layers, x.dl(), nullptr, nullptr, results[0].dl()));
    return results;
  });
  ExpectValues(outputs[0], same.Expected(x.Values(), nullptr, nullptr, false).out, 0.0f, "out");
}

/** A good call, to be spoilt. */
struct Call {
  explicit Call(const RecurrentCase& s)
      : shape(s),
        network(s),
        weights(network.weights()),
        layers(*network.layers()),
        x(kF32, {s.steps, s.batch, s.inputs}),
        h_0(StateTensor(s, s.outputs(), 7)),
        c_0(StateTensor(s, s.hidden, 8)),
        h_n(StateTensor(s, s.outputs(), 9)),
        c_n(StateTensor(s, s.hidden, 10)),
        out(kF32, {s.steps, s.batch, s.columns()}) {
    layers.weights = weights.data();
    x.Fill(RandomValues(x.count(), 1.0f, 3));
    states = {h_0.dl(), c_0.dl(), h_n.dl(), c_n.dl()};
  }
  octet_status Run() { return RunRecurrent(&layers, x.dl(), nullptr, &states, out.dl()); }

  RecurrentCase shape;
  Recurrent network;
  std::vector<octet_recurrent_weights> weights;
  octet_recurrent_layers layers;
  Tensor x, h_0, c_0, h_n, c_n, out;
  octet_recurrent_states states;
};

TEST(Recurrent, ErrorsNameTheLayers) {
  Call call({OCTET_CELL_LSTM, 3, 2, 4, 5, 2, 2, true, 3});
  ASSERT_OK(call.Run());
  const auto spoil = [&](auto&& change, auto&& words) {
    const octet_recurrent_layers layers = call.layers;
    const std::vector<octet_recurrent_weights> weights = call.weights;
    change();
    words();
    call.layers = layers;
    call.weights = weights;
    call.layers.weights = call.weights.data();
  };
  spoil([&] { call.layers.cell = static_cast<octet_recurrent_cell>(4); },
        [&] { EXPECT_INVALID(call.Run(), "layers.cell is 4", "0 to 3"); });
  spoil([&] { call.layers.layers = 0; }, [&] { EXPECT_INVALID(call.Run(), "layers.layers is 0", "1 to 1024"); });
  spoil([&] { call.layers.directions = 3; }, [&] { EXPECT_INVALID(call.Run(), "layers.directions is 3"); });
  spoil([&] { call.layers.weights = nullptr; }, [&] { EXPECT_INVALID(call.Run(), "layers.weights is null"); });
  spoil([&] { call.weights[2].input_weights = nullptr; },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[2].input_weights", "is null"); });
  spoil([&] { --call.weights[1].hidden_weights_bytes; },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[1].hidden_weights", "cut short"); });
  spoil([&] { call.weights[2].input_weights = call.weights[0].input_weights; },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[2].input_weights has shape [20, 4]", "[20, 6]"); });
  spoil([&] { call.weights[3].projection = nullptr; },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[3].projection is null", "or none"); });
  spoil([&] { call.layers.cell = OCTET_CELL_GRU; },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[0].hidden_weights has 20 rows", "multiple of 3"); });
  spoil([&] { call.layers.cell = OCTET_CELL_RNN_RELU; },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[0].projection is given", "no LSTM"); });
  Tensor narrow(kF32, {19}), half(kF16, {20});
  spoil([&] { call.weights[1].input_bias = narrow.dl(); },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[1].input_bias has shape [19]", "expected 20"); });
  spoil([&] { call.weights[1].hidden_bias = half.dl(); },
        [&] { EXPECT_INVALID(call.Run(), "layers.weights[1].hidden_bias has dtype f16", "f32"); });
  EXPECT_OK(call.Run());
}

TEST(Recurrent, ErrorsNameTheTensors) {
  Call call({OCTET_CELL_LSTM, 3, 2, 4, 5});
  ASSERT_OK(call.Run());
  Tensor flat(kF32, {3, 4}), wide(kF32, {3, 2, 6}), codes(kU8, {3, 2, 4});
  EXPECT_INVALID(RunRecurrent(&call.layers, flat.dl(), nullptr, nullptr, call.out.dl()), "x has shape [3, 4]",
                 "[T, B, inputs]");
  EXPECT_INVALID(RunRecurrent(&call.layers, wide.dl(), nullptr, nullptr, call.out.dl()), "x has shape [3, 2, 6]",
                 "[T, B, 4]");
  EXPECT_INVALID(RunRecurrent(&call.layers, codes.dl(), nullptr, nullptr, call.out.dl()), "x_grid is null");
  EXPECT_INVALID(RunRecurrent(&call.layers, call.x.dl(), nullptr, nullptr, wide.dl()), "out has shape [3, 2, 6]",
                 "[3, 2, 5]");
  EXPECT_INVALID(RunRecurrent(nullptr, call.x.dl(), nullptr, nullptr, call.out.dl()), "layers is null");
  const octet_recurrent_states good = call.states;
  for (const auto& [name, field] :
       {std::pair<const char*, const DLTensor * octet_recurrent_states::*>{"states.h_0", &octet_recurrent_states::h_0},
        {"states.c_0", &octet_recurrent_states::c_0}}) {
    call.states.*field = wide.dl();
    EXPECT_INVALID(call.Run(), std::string(name) + " has shape [3, 2, 6]", "[1, 2, 5]");
    call.states = good;
  }
  call.states.h_n = wide.dl();
  EXPECT_INVALID(call.Run(), "states.h_n has shape [3, 2, 6]", "[1, 2, 5]");
  call.states = good;
  call.states.c_n = call.states.h_n;
  EXPECT_INVALID(call.Run(), "states.c_n shares memory with states.h_n");
  call.states = good;
  call.states.h_n = call.c_0.dl();
  EXPECT_INVALID(call.Run(), "states.h_n shares memory with states.c_0");
  Call gru({OCTET_CELL_GRU, 3, 2, 4, 5});
  EXPECT_INVALID(gru.Run(), "states.c_0 is given", "no LSTM");
  size_t bytes = 0;
  EXPECT_INVALID(octet_recurrent_workspace_size(&call.layers, call.x.dl(), nullptr), "bytes is null");
  ASSERT_OK(octet_recurrent_workspace_size(&call.layers, call.x.dl(), &bytes));
  const Aligned workspace(bytes);
  EXPECT_INVALID(
      octet_recurrent(&call.layers, call.x.dl(), nullptr, nullptr, call.out.dl(), workspace.data(), bytes - 1, nullptr),
      "workspace_bytes is");
  EXPECT_INVALID(octet_recurrent(&call.layers, call.x.dl(), nullptr, nullptr, call.out.dl(), workspace.data(), bytes,
                                 workspace.data()),
                 "stream");
}

}  // namespace
}  // namespace test
}  // namespace octet
