// SPDX-License-Identifier: Apache-2.0
// What the CPU refuses, a device refuses in the same words: every function, with each of its tensors spoiled in turn.
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "cuda/attention_on_device.h"
#include "cuda/conv2d_on_device.h"
#include "cuda/gemm_grouped_on_device.h"
#include "support/grids.h"
#include "support/random.h"

namespace octet {
namespace test {
namespace {

/** A function with tensors that it takes. */
struct Call {
  const char* name;
  std::vector<std::pair<DLDataType, std::vector<int64_t>>> tensors;
  std::function<octet_status(const Tensors&)> run;
};

/** What is wrong with a tensor. Memory is large enough for all of them. */
struct Spoiled {
  explicit Spoiled(const DLTensor& tensor)
      : shape(tensor.shape, tensor.shape + tensor.ndim), strides(tensor.strides, tensor.strides + tensor.ndim) {
    shape.resize(40, 1);
    strides.resize(40, 1);
    dl = tensor;
    dl.shape = shape.data();
    dl.strides = strides.data();
  }
  Spoiled(const Spoiled&) = delete;

  DLTensor dl;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

struct Spoiling {
  const char* name;
  void (*spoil)(Spoiled*);
};

/** The last dimension, or one more than there is. */
size_t Last(const Spoiled& tensor) { return tensor.dl.ndim == 0 ? 0 : static_cast<size_t>(tensor.dl.ndim) - 1; }

const Spoiling kSpoilings[] = {
    {"f64", [](Spoiled* t) { t->dl.dtype = kF64; }},
    {"s32", [](Spoiled* t) { t->dl.dtype = kS32; }},
    {"s8", [](Spoiled* t) { t->dl.dtype = kS8; }},
    {"f16", [](Spoiled* t) { t->dl.dtype = kF16; }},
    {"lanes", [](Spoiled* t) { t->dl.dtype.lanes = 2; }},
    {"a dimension more", [](Spoiled* t) { ++t->dl.ndim; }},
    {"a dimension less", [](Spoiled* t) { t->dl.ndim -= t->dl.ndim == 0 ? 0 : 1; }},
    {"too many dimensions", [](Spoiled* t) { t->dl.ndim = 33; }},
    {"no shape", [](Spoiled* t) { t->dl.shape = nullptr; }},
    {"a negative size", [](Spoiled* t) { t->shape[Last(*t)] = -1; }},
    {"a shorter last dimension", [](Spoiled* t) { --t->shape[Last(*t)]; }},
    {"a shorter first dimension", [](Spoiled* t) { --t->shape[0]; }},
    {"nothing", [](Spoiled* t) { t->shape[0] = 0; }},
    {"too many elements", [](Spoiled* t) { t->shape[0] = int64_t{1} << 61; }},
    {"strides that reach too far", [](Spoiled* t) { t->strides[0] = int64_t{1} << 60; }},
    {"gaps", [](Spoiled* t) { t->strides[Last(*t)] = 2; }},
    {"elements that share memory", [](Spoiled* t) { t->strides[0] = 0; }},
    {"no data", [](Spoiled* t) { t->dl.data = nullptr; }},
    {"a long offset", [](Spoiled* t) { t->dl.byte_offset = uint64_t{1} << 61; }},
};

std::vector<Call> Calls() {
  static const TensorGrid s8(kS8, 0.05f, 3.0f);
  static const TensorGrid u8(kU8, 0.05f, 120.0f);
  static const octet_grid* const grid = s8.get();
  const std::vector<int64_t> matrix = {6, 8}, image = {2, 6, 6, 4};
  static const int32_t dims[] = {1};
  static const octet_pool2d_params pool = {2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 0};
  static const octet_range_mse_options mse = {OCTET_SYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f};
  static Weights weights(8, 8, kWeightKinds[0], 1);
  weights.Pack();
  static const DeviceWeights device_weights(weights);
  static GroupedWeights grouped(2, 8, 8, kWeightKinds[0], 1);
  grouped.Pack();
  static const DeviceGroups device_groups(grouped);
  static const FloatOrCodes float_weights(8, 8, kWeightKinds[0]);
  static const ConvShape conv = {2, 6, 6, 4, 4, 3, 3, Params(1, 1)};
  static ConvWeights conv_weights(conv, kWeightKinds[0], 1);
  conv_weights.Pack();
  static const DeviceFilters filters(conv_weights);
  static const FloatFilters float_filters(conv, std::vector<float>(static_cast<size_t>(FilterValues(conv)), 1.0f));
  const auto epilogue = [](const DLTensor* bias, const DLTensor* residual, const octet_grid* out_grid) {
    octet_epilogue result = {};
    result.bias = bias;
    result.residual = residual;
    result.out_grid = out_grid;
    return result;
  };
  const std::vector<int64_t> heads = {1, 2, 5, 8};
  return {
      {"fake_quantize",
       {{kF32, matrix}, {kF32, matrix}},
       [](const Tensors& t) { return octet_fake_quantize(grid, t[0], t[1], nullptr); }},
      {"fake_quantize along an axis",
       {{kF32, matrix}, {kF32, matrix}, {kF32, {6}}, {kF32, {6}}},
       [](const Tensors& t) {
         const octet_grid g = {t[2], t[3], -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
         return octet_fake_quantize(&g, t[0], t[1], nullptr);
       }},
      {"fake_quantize_backward",
       {{kF32, matrix}, {kF32, matrix}, {kF32, matrix}, {kF32, {1}}, {kF32, {1}}},
       [](const Tensors& t) { return octet_fake_quantize_backward(grid, t[0], t[1], t[2], t[3], t[4], nullptr); }},
      {"fake_quantize_partials",
       {{kF32, matrix}, {kF32, matrix}, {kF32, matrix}, {kF32, matrix}, {kF32, matrix}},
       [](const Tensors& t) { return octet_fake_quantize_partials(grid, t[0], t[1], t[2], t[3], t[4], nullptr); }},
      {"quantize",
       {{kF32, matrix}, {kS8, matrix}},
       [](const Tensors& t) { return octet_quantize(grid, t[0], t[1], nullptr); }},
      {"dequantize",
       {{kS8, matrix}, {kF32, matrix}},
       [](const Tensors& t) { return octet_dequantize(grid, t[0], t[1], nullptr); }},
      {"min_max",
       {{kF32, matrix}, {kF32, {6}}, {kF32, {6}}},
       [](const Tensors& t) { return octet_min_max(t[0], 0, t[1], t[2], nullptr); }},
      {"range_mse",
       {{kF32, matrix}, {kF32, {3}}, {kF32, {3}}, {kF32, {6, 3}}},
       [](const Tensors& t) { return octet_range_mse(t[0], 0, &mse, t[1], t[2], t[3], nullptr); }},
      {"percentile",
       {{kF32, matrix}, {kF32, {6}}, {kF32, {6}}},
       [](const Tensors& t) {
         size_t bytes = 0;
         const octet_status status = octet_percentile_workspace_size(t[0], 0, &bytes);
         if (status != OCTET_OK) return status;
         return WithWorkspace(t[0], bytes, [&](void* workspace) {
           return octet_percentile(t[0], 0, 1.0, 99.0, t[1], t[2], workspace, bytes, nullptr);
         });
       }},
      {"grid_resolve",
       {{kF32, {6}}, {kF32, {6}}, {kF32, {6}}, {kF32, {6}}},
       [](const Tensors& t) {
         const octet_grid g = {t[0], t[1], -8.0f, 7.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
         return octet_grid_resolve(&g, t[2], t[3]);
       }},
      {"grid_from_range",
       {{kF32, {6}}, {kF32, {6}}, {kF32, {6}}, {kF32, {6}}},
       [](const Tensors& t) {
         int32_t is_signed = 0;
         return octet_grid_from_range(t[0], t[1], OCTET_ASYMMETRIC, 8, OCTET_SCALE_LINEAR, 1e-8f, t[2], t[3],
                                      &is_signed);
       }},
      {"unary",
       {{kF32, matrix}, {kF32, matrix}},
       [](const Tensors& t) { return octet_unary(OCTET_SILU, 0.0f, 0.0f, t[0], nullptr, t[1], nullptr, nullptr); }},
      {"binary",
       {{kF32, matrix}, {kF32, matrix}, {kF32, matrix}},
       [](const Tensors& t) {
         return octet_binary(OCTET_ADD, t[0], nullptr, t[1], nullptr, OCTET_ACTIVATION_NONE, t[2], nullptr, nullptr);
       }},
      {"compare",
       {{kF32, matrix}, {kF32, matrix}, {kBool, matrix}},
       [](const Tensors& t) { return octet_compare(OCTET_LESS, t[0], nullptr, t[1], nullptr, t[2], nullptr); }},
      {"where",
       {{kBool, matrix}, {kF32, matrix}, {kF32, matrix}, {kF32, matrix}},
       [](const Tensors& t) { return octet_where(t[0], t[1], t[2], t[3], nullptr); }},
      {"copy", {{kF32, matrix}, {kF32, matrix}}, [](const Tensors& t) { return octet_copy(t[0], t[1], nullptr); }},
      {"cast", {{kF32, matrix}, {kS32, matrix}}, [](const Tensors& t) { return octet_cast(t[0], t[1], nullptr); }},
      {"look_up",
       {{kU8, {256}}, {kS8, matrix}, {kU8, matrix}},
       [](const Tensors& t) { return octet_look_up(t[0], t[1], t[2], nullptr); }},
      {"requantize",
       {{kS8, matrix}, {kU8, matrix}},
       [](const Tensors& t) { return octet_requantize(t[0], grid, t[1], u8.get(), nullptr); }},
      {"concat",
       {{kF32, matrix}, {kF32, matrix}, {kF32, {12, 8}}},
       [](const Tensors& t) { return octet_concat(t.data(), nullptr, 2, 0, t[2], nullptr, nullptr); }},
      {"reduce",
       {{kF32, matrix}, {kF32, {6}}},
       [](const Tensors& t) {
         return octet_reduce(OCTET_REDUCE_MEAN, t[0], nullptr, dims, 1, t[1], nullptr, nullptr);
       }},
      {"argmax", {{kF32, matrix}, {kS64, {6}}}, [](const Tensors& t) { return octet_argmax(t[0], 1, t[1], nullptr); }},
      {"integer_binary",
       {{kS64, matrix}, {kS64, matrix}, {kS64, matrix}},
       [](const Tensors& t) { return octet_integer_binary(OCTET_INTEGER_ADD, t[0], t[1], t[2], nullptr); }},
      {"integer_reduce",
       {{kS64, matrix}, {kS64, {6}}},
       [](const Tensors& t) { return octet_integer_reduce(OCTET_REDUCE_MAX, t[0], dims, 1, t[1], nullptr); }},
      {"integer_argmax",
       {{kS64, matrix}, {kS64, {6}}},
       [](const Tensors& t) { return octet_integer_argmax(t[0], 1, t[1], nullptr); }},
      {"cumulative_sum",
       {{kS64, matrix}, {kS64, matrix}},
       [](const Tensors& t) { return octet_cumulative_sum(t[0], 1, t[1], nullptr); }},
      {"masked_mean",
       {{kF32, {2, 5, 8}}, {kBool, {2, 5}}, {kF32, {2, 8}}},
       [](const Tensors& t) { return octet_masked_mean(t[0], nullptr, t[1], 1e-9f, t[2], nullptr, nullptr); }},
      {"l2_normalize",
       {{kF32, matrix}, {kF32, matrix}},
       [](const Tensors& t) { return octet_l2_normalize(t[0], nullptr, 1e-9f, t[1], nullptr, nullptr); }},
      {"layer_norm",
       {{kF32, matrix}, {kF32, matrix}, {kF32, matrix}, {kF32, {8}}, {kF32, {8}}, {kF32, matrix}},
       [](const Tensors& t) {
         const octet_norm norm = {1, 1e-5f, t[3], t[4], t[1], nullptr, t[5], nullptr};
         return octet_layer_norm(t[0], nullptr, &norm, t[2], nullptr, nullptr);
       }},
      {"rms_norm",
       {{kS8, matrix}, {kU8, matrix}},
       [](const Tensors& t) {
         const octet_norm norm = {1, 1e-5f, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
         return octet_rms_norm(t[0], grid, &norm, t[1], u8.get(), nullptr);
       }},
      {"softmax",
       {{kF32, matrix}, {kF32, matrix}, {kF32, matrix}, {kBool, matrix}, {kS32, {6}}},
       [](const Tensors& t) {
         const octet_softmax_terms terms = {1.0f, t[2], t[3], t[4], 1, 0};
         return octet_softmax(t[0], nullptr, &terms, t[1], nullptr, nullptr);
       }},
      {"embedding",
       {{kF32, matrix}, {kS32, {5}}, {kF32, {5, 8}}},
       [](const Tensors& t) {
         const octet_embedding_table table = {t[0], 0, 0, nullptr};
         return octet_embedding(&table, t[1], t[2], nullptr, nullptr);
       }},
      {"max_pool2d",
       {{kF32, image}, {kF32, {2, 3, 3, 4}}},
       [](const Tensors& t) { return octet_max_pool2d(t[0], &pool, t[1], nullptr); }},
      {"avg_pool2d",
       {{kF32, image}, {kF32, {2, 3, 3, 4}}},
       [](const Tensors& t) { return octet_avg_pool2d(t[0], nullptr, &pool, 1, 0, t[1], nullptr, nullptr); }},
      {"adaptive_avg_pool2d",
       {{kF32, image}, {kF32, {2, 3, 3, 4}}},
       [](const Tensors& t) { return octet_adaptive_avg_pool2d(t[0], nullptr, t[1], nullptr, nullptr); }},
      {"gemm",
       {{kS8, matrix}, {kF32, {8}}, {kF32, matrix}, {kF32, matrix}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[1], t[2], nullptr);
         return RunWhereItIs({&weights, &device_weights, grid}, t[0], &then, t[3]);
       }},
      {"gemm_dynamic",
       {{kF32, matrix}, {kF32, {8}}, {kF32, matrix}, {kU8, matrix}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[1], t[2], u8.get());
         return RunWhereItIs({&weights, &device_weights, nullptr}, t[0], &then, t[3]);
       }},
      {"gemm_grouped",
       {{kS8, matrix}, {kS32, {2}}, {kF32, {16}}, {kF32, matrix}, {kF32, matrix}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[2], t[3], nullptr);
         return RunWhereItIs(grouped, device_groups, t[0], grid, t[1], &then, t[4]);
       }},
      {"gemm_grouped_dynamic",
       {{kF16, matrix}, {kS32, {2}}, {kF32, {16}}, {kF32, matrix}, {kU8, matrix}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[2], t[3], u8.get());
         return RunWhereItIs(grouped, device_groups, t[0], nullptr, t[1], &then, t[4]);
       }},
      {"gemm_float",
       {{kF32, matrix}, {kF32, {8}}, {kF32, matrix}, {kF32, matrix}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[1], t[2], nullptr);
         return RunWhereItIs(float_weights, t[0], nullptr, &then, t[3]);
       }},
      {"matmul",
       {{kS8, {2, 6, 8}}, {kS8, {8, 8}}, {kF32, {8}}, {kF32, {2, 6, 8}}, {kF32, {2, 6, 8}}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[2], t[3], nullptr);
         return RunWhereItIs({grid, grid, true}, t[0], t[1], &then, t[4]);
       }},
      {"conv2d",
       {{kS8, image}, {kF32, {4}}, {kF32, image}, {kF32, image}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[1], t[2], nullptr);
         return RunWhereItIs(t[0], grid, conv_weights, filters, &then, t[3]);
       }},
      {"conv2d_float",
       {{kF32, image}, {kF32, {4}}, {kF32, image}, {kF32, image}},
       [epilogue](const Tensors& t) {
         const octet_epilogue then = epilogue(t[1], t[2], nullptr);
         return RunWhereItIs(t[0], nullptr, float_filters, &then, t[3]);
       }},
      {"attention",
       {{kS8, heads}, {kS8, heads}, {kS8, heads}, {kF32, heads}, {kF32, {5, 5}}, {kBool, {5, 5}}, {kS32, {1}}},
       [](const Tensors& t) {
         const octet_softmax_terms terms = {0.1f, t[4], t[5], t[6], 0, 0};
         const octet_attention_inputs inputs = {t[0], grid, t[1], grid, t[2], grid, 1e-8f, &terms, nullptr};
         return RunWhereItIs(inputs, t[3], nullptr);
       }},
  };
}

/** The status of a call with tensor number `which` spoiled, and the words of a refusal. */
std::pair<octet_status, std::string> Outcome(const Call& call, Tensors tensors, size_t which,
                                             const Spoiling& spoiling) {
  Spoiled spoiled(*tensors[which]);
  spoiling.spoil(&spoiled);
  tensors[which] = &spoiled.dl;
  const octet_status status = call.run(tensors);
  return {status, status == OCTET_OK ? "" : octet_last_error()};
}

TEST(CudaRefusals, AreThoseOfTheCpu) {
  int refused = 0;
  for (const Call& call : Calls()) {
    // Room for what spoiled shapes and strides reach.
    Placement room;
    room.margin = 4096;
    std::vector<Tensor> host;
    std::vector<std::unique_ptr<OnDevice>> device;
    Tensors on_host, on_device;
    for (const auto& [type, shape] : call.tensors) {
      room.dims.assign(shape.size(), {});
      for (size_t d = 0; d < shape.size(); ++d) room.dims[d].axis = static_cast<int>(shape.size() - 1 - d);
      host.emplace_back(type, shape, room);
      host.back().Fill(std::vector<float>(static_cast<size_t>(host.back().count()), 1.0f));
    }
    for (Tensor& tensor : host) {
      device.push_back(std::make_unique<OnDevice>(&tensor));
      on_host.push_back(tensor.dl());
      on_device.push_back(device.back()->dl());
    }
    ASSERT_OK(call.run(on_host)) << call.name;
    ASSERT_OK(call.run(on_device)) << call.name;
    for (size_t which = 0; which < host.size(); ++which) {
      for (const Spoiling& spoiling : kSpoilings) {
        const auto expected = Outcome(call, on_host, which, spoiling);
        const auto actual = Outcome(call, on_device, which, spoiling);
        // Indices and offsets, which the host does not see on a device: octet/embedding.h, octet/gemm_grouped.h.
        if (expected.second.find(" at place ") != std::string::npos) continue;
        if (expected.second.find(" at element ") != std::string::npos) continue;
        EXPECT_EQ(actual, expected) << call.name << ", tensor " << which << " with " << spoiling.name;
        refused += expected.first == OCTET_OK ? 0 : 1;
      }
    }
    for (auto& tensor : device) tensor->Fetch();
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace test
}  // namespace octet
