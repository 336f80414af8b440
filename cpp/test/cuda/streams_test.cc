// SPDX-License-Identifier: Apache-2.0
// Several threads and streams at a time on one device, and what calls say whose device does not exist.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <thread>

#include "core/device_gemm.h"
#include "cuda/gemm_on_device.h"
#include "support/grids.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

/** A device that no machine has. */
constexpr int32_t kNowhere = 99;

/** Attention of one head and products with one weight, on the device, on a stream of their own. */
class Worker {
 public:
  /** `seed` tells the inputs and how many keys there are. */
  Worker(const Weights& weights, const DeviceWeights& device_weights, uint32_t seed)
      : seed_(seed),
        weights_(weights),
        device_weights_(device_weights),
        q_(Codes({1, 2, 20, 64}, 1)),
        k_(Codes({1, 2, Keys(), 64}, 2)),
        v_(Codes({1, 2, Keys(), 64}, 3)),
        a_(Codes({static_cast<int64_t>(9 + 20 * seed), weights.k()}, 4)),
        context_(kF32, {1, 2, 20, 64}),
        product_(kF32, {a_.shape()[0], weights.n()}) {
    EXPECT_OK(octet_cuda_stream_create(0, &stream_));
  }
  ~Worker() { octet_cuda_stream_destroy(0, stream_); }
  Worker(const Worker&) = delete;

  /** Enqueues all of it. */
  void Enqueue() {
    const octet_attention_inputs inputs = Inputs(q_device_.dl(), k_device_.dl(), v_device_.dl());
    status_[0] = octet_attention(&inputs, context_device_.dl(), nullptr, attention_memory_.data(),
                                 AttentionBytes(inputs), stream_);
    size_t bytes = 0;
    octet_gemm_workspace_size(a_device_.dl(), device_weights_.handle(), OCTET_GEMM_DEVICE_HANDLE_BYTES, &bytes);
    status_[1] = octet_gemm(a_device_.dl(), grid_.get(), device_weights_.handle(), OCTET_GEMM_DEVICE_HANDLE_BYTES,
                            nullptr, product_device_.dl(), product_memory_.data(), bytes, stream_);
    status_[2] = octet_cuda_synchronize(0, stream_);
  }

  /** Whether the results are those of the CPU. */
  void Check() {
    for (octet_status status : status_) EXPECT_EQ(status, OCTET_OK);
    context_device_.Fetch();
    product_device_.Fetch();
    Tensor context(kF32, context_.shape());
    Tensor product(kF32, product_.shape());
    const octet_attention_inputs inputs = Inputs(q_.dl(), k_.dl(), v_.dl());
    const Aligned attention(AttentionBytes(inputs));
    EXPECT_OK(octet_attention(&inputs, context.dl(), nullptr, attention.data(), attention.size(), nullptr));
    EXPECT_OK(RunWhereItIs({&weights_, &device_weights_, grid_.get()}, a_.dl(), nullptr, product.dl()));
    EXPECT_TRUE(SameBits(context_, context));
    EXPECT_TRUE(SameBits(product_, product));
  }

 private:
  int64_t Keys() const { return 60 * (seed_ + 1); }

  Tensor Codes(const std::vector<int64_t>& shape, uint32_t number) const {
    Tensor codes(kS8, shape);
    codes.Fill(RandomCodes(codes.count(), -128, 127, 10 * seed_ + number));
    return codes;
  }

  octet_attention_inputs Inputs(const DLTensor* q, const DLTensor* k, const DLTensor* v) const {
    octet_attention_inputs inputs = {};
    inputs.q = q;
    inputs.k = k;
    inputs.v = v;
    inputs.q_grid = inputs.k_grid = inputs.v_grid = grid_.get();
    return inputs;
  }

  static size_t AttentionBytes(const octet_attention_inputs& inputs) {
    size_t bytes = 0;
    EXPECT_OK(octet_attention_workspace_size(&inputs, &bytes));
    return bytes;
  }

  const uint32_t seed_;
  const Weights& weights_;
  const DeviceWeights& device_weights_;
  const TensorGrid grid_{kS8, 0.01f, 3.0f};
  Tensor q_, k_, v_, a_, context_, product_;
  OnDevice q_device_{&q_}, k_device_{&k_}, v_device_{&v_}, a_device_{&a_};
  OnDevice context_device_{&context_}, product_device_{&product_};
  const DeviceMemory attention_memory_{size_t{1} << 20};
  const DeviceMemory product_memory_{size_t{1} << 22};
  void* stream_ = nullptr;
  std::array<octet_status, 3> status_ = {};
};

TEST(CudaStreams, OfSeveralThreadsRunAtATime) {
  Weights weights(70, 192, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceWeights device_weights(weights);
  std::vector<std::unique_ptr<Worker>> workers;
  for (uint32_t seed = 0; seed < 4; ++seed) {
    workers.push_back(std::make_unique<Worker>(weights, device_weights, seed));
  }
  for (int turn = 0; turn < 3; ++turn) {
    std::vector<std::thread> threads;
    for (auto& worker : workers) threads.emplace_back([&worker] { worker->Enqueue(); });
    for (std::thread& thread : threads) thread.join();
    for (auto& worker : workers) worker->Check();
  }
}

TEST(CudaDevices, ThatAreMissingAreNamed) {
  void* pointer = nullptr;
  EXPECT_INVALID(octet_cuda_stream_create(kNowhere, &pointer), "octet_cuda_stream_create", "cuda:99", "expected 0 to");
  EXPECT_INVALID(octet_cuda_synchronize(kNowhere, nullptr), "octet_cuda_synchronize", "cuda:99", "expected 0 to");
  EXPECT_INVALID(octet_cuda_copy(kNowhere, &pointer, &pointer, 1, nullptr), "octet_cuda_copy", "cuda:99");
  EXPECT_INVALID(octet_cuda_graph_begin(kNowhere, nullptr), "octet_cuda_graph_begin", "cuda:99");
  EXPECT_INVALID(octet_cuda_allocate_host(kNowhere, 1, &pointer), "octet_cuda_allocate_host", "cuda:99");
  EXPECT_INVALID(octet_gemm_force_kernel(kNowhere, nullptr, 0), "octet_gemm_force_kernel", "device", "99");
  Weights weights(16, 32, kWeightKinds[0], 5);
  weights.Pack();
  Aligned handle(OCTET_GEMM_DEVICE_HANDLE_BYTES);
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_device_size(weights.packed->data(), weights.packed->size(), &bytes));
  const DeviceMemory block(bytes);
  EXPECT_INVALID(octet_gemm_to_device(weights.packed->data(), weights.packed->size(), kNowhere, block.data(), bytes,
                                      handle.data(), nullptr),
                 "octet_gemm_to_device", "99", "expected 0 to");
}

// As it would be with weights on one of several devices and activations on another one.
TEST(CudaDevices, OfWeightsAreThoseOfTensors) {
  Weights weights(16, 32, kWeightKinds[0], 5);
  weights.Pack();
  const DeviceWeights device_weights(weights);
  DeviceGemmHandle elsewhere;
  std::memcpy(&elsewhere, device_weights.handle(), sizeof(elsewhere));
  elsewhere.device = 1;
  Aligned handle(sizeof(elsewhere));
  std::memcpy(handle.data(), &elsewhere, sizeof(elsewhere));
  Tensor a(kS8, {3, 32});
  Tensor out(kF32, {3, 16});
  OnDevice a_device(&a);
  OnDevice out_device(&out);
  const TensorGrid grid(kS8, 0.01f, 0.0f);
  EXPECT_TRUE(Says(octet_gemm(a_device.dl(), grid.get(), handle.data(), handle.size(), nullptr, out_device.dl(),
                              nullptr, 0, nullptr),
                   OCTET_INVALID_ARGUMENT,
                   {"octet_gemm", "packed", "cuda:1, but a is on cuda:0", "octet_gemm_to_device"}));
  EXPECT_TRUE(Says(octet_gemm(a.dl(), grid.get(), device_weights.handle(), OCTET_GEMM_DEVICE_HANDLE_BYTES, nullptr,
                              out.dl(), nullptr, 0, nullptr),
                   OCTET_INVALID_ARGUMENT,
                   {"octet_gemm", "packed", "cuda:0, but a is on the cpu", "octet_gemm_to_device"}));
}

}  // namespace
}  // namespace test
}  // namespace octet
