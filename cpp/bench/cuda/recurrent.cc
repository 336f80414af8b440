// SPDX-License-Identifier: Apache-2.0
// LSTM and GRU layers over sequences, with weights of f32 and of 8 bits. The bytes are those of the input, the output
// and the weights, once for all steps: caches may keep them.
#include "families.h"
#include "weights.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t steps, batch, inputs, hidden;
};

constexpr Shape kShapes[] = {{128, 1, 512, 512}, {128, 32, 512, 512}};
constexpr Shape kSmallShapes[] = {{3, 2, 20, 32}};

struct Cell {
  const char* name;
  octet_recurrent_cell cell;
  int64_t gates;
};

constexpr Cell kCells[] = {{"lstm", OCTET_CELL_LSTM, 4}, {"gru", OCTET_CELL_GRU, 3}};

void Run(Bench* bench, const Cell& cell, const Shape& shape, int bits) {
  const auto [steps, batch, inputs, hidden] = shape;
  const int64_t rows = cell.gates * hidden;
  const GemmWeights input_weights(rows, inputs, bits);
  const GemmWeights hidden_weights(rows, hidden, bits);
  const Tensor input_bias(kF32, {rows});
  const Tensor hidden_bias(kF32, {rows});
  octet_recurrent_weights weights = {};
  weights.input_weights = input_weights.handle();
  weights.input_weights_bytes = input_weights.handle_bytes();
  weights.hidden_weights = hidden_weights.handle();
  weights.hidden_weights_bytes = hidden_weights.handle_bytes();
  weights.input_bias = input_bias.dl();
  weights.hidden_bias = hidden_bias.dl();
  const octet_recurrent_layers layers = {cell.cell, 1, 1, &weights};
  const Tensor x(kF32, {steps, batch, inputs});
  const Tensor out(kF32, {steps, batch, hidden});
  size_t bytes = 0;
  BENCH_CHECK(octet_recurrent_workspace_size(&layers, x.dl(), &bytes));
  const Memory workspace(bytes);
  const auto weight_count = static_cast<double>(rows * (inputs + hidden));
  bench->Measure(
      {x.bytes() + weight_count * bits / 8.0 + out.bytes(), 2.0 * static_cast<double>(steps * batch) * weight_count,
       Arithmetic::kF32},
      [&] {
        BENCH_CHECK(octet_recurrent(&layers, x.dl(), nullptr, nullptr, out.dl(), workspace.data(), bytes, nullptr));
      });
}

}  // namespace

void RecurrentRows(Bench* bench) {
  for (const Cell& cell : kCells) {
    for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) {
      for (const int bits : {32, 8}) {
        bench->Row("recurrent",
                   std::string(cell.name) + (bits == 32 ? "/f32xf32/" : "/f32xs8/") + "steps_" +
                       std::to_string(shape.steps) + "/batch_" + std::to_string(shape.batch) + '/' +
                       ShapeText({shape.inputs, shape.hidden}),
                   [&] { Run(bench, cell, shape, bits); });
      }
    }
  }
}

}  // namespace bench
}  // namespace octet
