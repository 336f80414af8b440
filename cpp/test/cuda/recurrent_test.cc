// SPDX-License-Identifier: Apache-2.0
#include "support/recurrent.h"

#include <gtest/gtest.h>

#include <memory>

#include "cuda/on_device.h"
#include "octet/gemm_float.h"
#include "support/grids.h"
#include "support/random.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** Memory of device 0. */
class Block {
 public:
  explicit Block(size_t bytes) { EXPECT_OK(octet_cuda_allocate(0, bytes, &data_)); }
  ~Block() { octet_cuda_free(0, data_); }
  Block(const Block&) = delete;
  void* data() const { return data_; }

 private:
  void* data_ = nullptr;
};

/** The weights of layers on device 0. */
class LayersOnDevice {
 public:
  explicit LayersOnDevice(Recurrent* network) : weights_(network->weights()) {
    for (size_t i = 0; i < weights_.size(); ++i) {
      octet_recurrent_weights& weights = weights_[i];
      Place(&weights.input_weights, &weights.input_weights_bytes);
      Place(&weights.hidden_weights, &weights.hidden_weights_bytes);
      if (weights.projection != nullptr) Place(&weights.projection, &weights.projection_bytes);
      Recurrent::Direction& direction = network->directions()[i];
      if (weights.input_bias != nullptr) weights.input_bias = Copied(&direction.input_bias);
      if (weights.hidden_bias != nullptr) weights.hidden_bias = Copied(&direction.hidden_bias);
    }
    layers_ = *network->layers();
    layers_.weights = weights_.data();
  }

  const octet_recurrent_layers* get() const { return &layers_; }

 private:
  void Place(const void** packed, size_t* bytes) {
    size_t needed = 0;
    EXPECT_OK(octet_gemm_float_device_size(*packed, *bytes, &needed));
    blocks_.push_back(std::make_unique<Block>(needed));
    handles_.push_back(std::make_unique<Aligned>(OCTET_GEMM_FLOAT_DEVICE_HANDLE_BYTES));
    EXPECT_OK(octet_gemm_float_to_device(*packed, *bytes, 0, blocks_.back()->data(), needed, handles_.back()->data(),
                                         nullptr));
    *packed = handles_.back()->data();
    *bytes = handles_.back()->size();
  }

  const DLTensor* Copied(Tensor* bias) {
    tensors_.push_back(std::make_unique<OnDevice>(bias));
    return tensors_.back()->dl();
  }

  std::vector<octet_recurrent_weights> weights_;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::vector<std::unique_ptr<Aligned>> handles_;
  std::vector<std::unique_ptr<OnDevice>> tensors_;
  octet_recurrent_layers layers_;
};

/** [T, B, ...] of a tensor whose memory is [B, T, ...]. */
struct Swapped {
  explicit Swapped(const DLTensor& whole) : tensor(whole) {
    for (int d = 0; d < 3; ++d) {
      const int from = d == 0 ? 1 : d == 1 ? 0 : 2;
      shape[d] = whole.shape[from];
      strides[d] = whole.strides[from];
    }
    tensor.shape = shape;
    tensor.strides = strides;
  }
  Swapped(const Swapped&) = delete;

  int64_t shape[3] = {};
  int64_t strides[3] = {};
  DLTensor tensor;
};

/** Runs the layers where x is. */
octet_status RunWhereItIs(const Recurrent& network, const LayersOnDevice& on_device, const DLTensor* x,
                          const octet_grid* grid, const octet_recurrent_states& states, DLTensor* out) {
  if (x->device.device_type == kDLCPU) return RunRecurrent(network.layers(), x, grid, &states, out);
  size_t bytes = 0;
  const octet_status status = octet_recurrent_workspace_size(on_device.get(), x, &bytes);
  if (status != OCTET_OK) return status;
  const Block workspace(bytes);
  return octet_recurrent(on_device.get(), x, grid, &states, out, workspace.data(), bytes, nullptr);
}

/** Runs on the CPU and on the device; with `batch_first` sequences lie in memory one after the other. */
void Check(const RecurrentCase& shape, DLDataType type = kF32, bool initial = true, bool batch_first = false) {
  SCOPED_TRACE(shape.Name() + " " + TypeName(type));
  Recurrent network(shape);
  const LayersOnDevice on_device(&network);
  const TensorGrid grid(type, 0.02f, 5.0f);
  const int64_t first = batch_first ? shape.batch : shape.steps, second = batch_first ? shape.steps : shape.batch;
  Tensor x(type, {first, second, shape.inputs});
  const std::vector<float> values = RandomValues(x.count(), 1.0f, 3);
  for (int64_t i = 0; i < x.count(); ++i) x.Set(i, grid.StoredOf(static_cast<double>(values[static_cast<size_t>(i)])));
  const int64_t count = shape.layers * shape.directions;
  Tensor h_0(kF32, {count, shape.batch, shape.outputs()}), c_0(kF32, {count, shape.batch, shape.hidden});
  h_0.Fill(RandomValues(h_0.count(), 0.5f, 7));
  c_0.Fill(RandomValues(c_0.count(), 0.5f, 8));
  const auto make_outputs = [&] {
    std::vector<Tensor> outputs;
    outputs.emplace_back(kF32, std::vector<int64_t>{first, second, shape.columns()});
    outputs.emplace_back(kF32, std::vector<int64_t>{count, shape.batch, shape.outputs()});
    if (shape.lstm()) outputs.emplace_back(kF32, std::vector<int64_t>{count, shape.batch, shape.hidden});
    return outputs;
  };
  ExpectSameOnDevice({&x, &h_0, &c_0}, make_outputs, [&](const Tensors& in, const Tensors& out) {
    octet_recurrent_states states = {};
    if (initial) states.h_0 = in[1];
    if (initial && shape.lstm()) states.c_0 = in[2];
    states.h_n = out[1];
    if (shape.lstm()) states.c_n = out[2];
    Swapped swapped_x(*in[0]), swapped_out(*out[0]);
    const DLTensor* x_tensor = batch_first ? &swapped_x.tensor : in[0];
    DLTensor* out_tensor = batch_first ? &swapped_out.tensor : out[0];
    return RunWhereItIs(network, on_device, x_tensor, grid.get(), states, out_tensor);
  });
}

TEST(CudaRecurrent, EqualsTheCpu) {
  for (octet_recurrent_cell cell : {OCTET_CELL_RNN_TANH, OCTET_CELL_RNN_RELU, OCTET_CELL_LSTM, OCTET_CELL_GRU}) {
    Check({cell, 3, 5, 6, 19});
    Check({cell, 4, 2, 3, 17, 2, 2}, kF32, false, true);
    Check({cell, 2, 1, 5, 33, 1, 2, false}, kF32, false);
  }
  Check({OCTET_CELL_LSTM, 3, 3, 5, 19, 2, 2, true, 7});
}

TEST(CudaRandomRecurrent, EqualsTheCpu) {
  for (uint32_t seed : Seeds(6)) {
    Random random(seed);
    constexpr octet_recurrent_cell kCells[] = {OCTET_CELL_RNN_TANH, OCTET_CELL_RNN_RELU, OCTET_CELL_LSTM,
                                               OCTET_CELL_GRU};
    RecurrentCase shape = {random.Of(kCells), random.Between(1, 4), random.Size(20), random.Size(40),
                           random.Between(1, 40)};
    shape.layers = static_cast<int>(random.Between(1, 2));
    shape.directions = static_cast<int>(random.Between(1, 2));
    shape.bias = random.OneIn(2);
    if (shape.lstm() && random.OneIn(3)) shape.projection = random.Between(1, 20);
    const DLDataType type = random.Of(kValueTypes);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ": " << shape.Name() << ", " << TypeName(type));
    Recurrent network(shape);
    const LayersOnDevice on_device(&network);
    const RandomGrid grid(&random, type);
    Tensor x = random.Filled(type, {shape.steps, shape.batch, shape.inputs}, 1, grid.scale());
    const int64_t count = shape.layers * shape.directions;
    const std::vector<int64_t> shapes[] = {{shape.steps, shape.batch, shape.columns()},
                                           {count, shape.batch, shape.outputs()},
                                           {count, shape.batch, shape.hidden}};
    Tensor h_0 = random.Filled(kF32, shapes[1], 1), c_0 = random.Filled(kF32, shapes[2], 1);
    std::vector<Placement> places;
    for (const std::vector<int64_t>& of : shapes) places.push_back(random.Output(of, kF32, 1));
    const bool has_h = random.OneIn(2), has_c = random.OneIn(2);
    const auto make_outputs = [&] {
      std::vector<Tensor> outputs;
      for (size_t i = 0; i < (shape.lstm() ? 3u : 2u); ++i) outputs.emplace_back(kF32, shapes[i], places[i]);
      return outputs;
    };
    ExpectSameOnDevice({&x, &h_0, &c_0}, make_outputs, [&](const Tensors& in, const Tensors& out) {
      octet_recurrent_states states = {};
      if (has_h) states.h_0 = in[1];
      if (has_c && shape.lstm()) states.c_0 = in[2];
      states.h_n = out[1];
      if (shape.lstm()) states.c_n = out[2];
      return RunWhereItIs(network, on_device, in[0], grid.get(), states, out[0]);
    });
  }
}

TEST(CudaRecurrent, TakesInputsOfEveryType) {
  for (DLDataType type : kValueTypes) {
    Check({OCTET_CELL_GRU, 3, 2, 9, 6}, type);
    Check({OCTET_CELL_LSTM, 3, 2, 8, 6}, type, true, true);
  }
}

TEST(CudaRecurrent, TakesSizesOfAnyKind) {
  for (int64_t steps : {0, 1}) {
    for (int64_t batch : {0, 1, 3}) {
      for (int64_t hidden : {1, 16}) Check({OCTET_CELL_LSTM, steps, batch, 2, hidden, 2, 1});
    }
  }
}

TEST(CudaRecurrent, WeightsHaveToBeWhereTensorsAre) {
  Recurrent network({OCTET_CELL_GRU, 2, 2, 3, 4});
  const LayersOnDevice on_device(&network);
  Tensor x(kF32, {2, 2, 3}), out(kF32, {2, 2, 4});
  OnDevice there(&x), out_there(&out);
  size_t bytes = 0;
  EXPECT_INVALID(octet_recurrent_workspace_size(network.layers(), there.dl(), &bytes),
                 "layers.weights[0].input_weights is in memory of the host", "where x is");
  EXPECT_INVALID(octet_recurrent_workspace_size(on_device.get(), x.dl(), &bytes),
                 "layers.weights[0].input_weights is in memory of a device");
}

}  // namespace
}  // namespace test
}  // namespace octet
