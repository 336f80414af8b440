// SPDX-License-Identifier: Apache-2.0
// Devices, memory, streams, and what calls with tensors in the wrong places say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "cuda/on_device.h"
#include "support/says.h"
#include "support/values.h"

namespace octet {
namespace test {
namespace {

TEST(CudaDevice, IsDescribed) {
  int32_t count = 0;
  ASSERT_OK(octet_cuda_device_count(&count));
  ASSERT_GE(count, 1);
  EXPECT_EQ(octet_cuda_available(), 1);
  EXPECT_STREQ(octet_cuda_unavailable(), "");
  octet_cuda_properties properties;
  ASSERT_OK(octet_cuda_device_properties(0, &properties));
  EXPECT_GE(properties.major, 7);
  EXPECT_GT(properties.multiprocessors, 0);
  EXPECT_GT(properties.memory, 0);
  EXPECT_EQ(properties.supported, 1);
  EXPECT_NE(properties.name[0], '\0');
  EXPECT_INVALID(octet_cuda_device_properties(count, &properties), "device is", "expected 0 to");
  EXPECT_INVALID(octet_cuda_device_properties(-1, &properties), "device is -1");
  int32_t runtime = 0;
  int32_t driver = 0;
  ASSERT_OK(octet_cuda_versions(&runtime, &driver));
  EXPECT_GE(runtime, 13000);
  EXPECT_GE(driver, 13000);
}

TEST(CudaDevice, CopiesMemory) {
  void* memory = nullptr;
  ASSERT_OK(octet_cuda_allocate(0, 1000, &memory));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 256, 0u);
  std::vector<uint8_t> bytes(1000), back(1000);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  void* stream = nullptr;
  ASSERT_OK(octet_cuda_stream_create(0, &stream));
  ASSERT_OK(octet_cuda_copy(0, memory, bytes.data(), bytes.size(), stream));
  ASSERT_OK(octet_cuda_copy(0, back.data(), memory, bytes.size(), stream));
  ASSERT_OK(octet_cuda_synchronize(0, stream));
  EXPECT_EQ(bytes, back);
  ASSERT_OK(octet_cuda_stream_destroy(0, stream));
  ASSERT_OK(octet_cuda_free(0, memory));
  ASSERT_OK(octet_cuda_free(0, nullptr));
  ASSERT_OK(octet_cuda_allocate(0, 0, &memory));
  EXPECT_EQ(memory, nullptr);
  ASSERT_OK(octet_cuda_copy(0, nullptr, nullptr, 0, nullptr));
}

TEST(CudaDevice, HasMemoryOfTheHost) {
  void* memory = nullptr;
  ASSERT_OK(octet_cuda_allocate_host(0, 100, &memory));
  std::memset(memory, 3, 100);
  ASSERT_OK(octet_cuda_free_host(0, memory));
  ASSERT_OK(octet_cuda_free_host(0, nullptr));
  ASSERT_OK(octet_cuda_allocate_host(0, 0, &memory));
  EXPECT_EQ(memory, nullptr);
  EXPECT_INVALID(octet_cuda_allocate_host(0, 1, nullptr), "memory is null");
}

/** A stream and tensors x and out on the device. */
class CudaGraph : public testing::Test {
 protected:
  void SetUp() override { ASSERT_OK(octet_cuda_stream_create(0, &stream)); }
  void TearDown() override { ASSERT_OK(octet_cuda_stream_destroy(0, stream)); }

  octet_status Negate() {
    return octet_unary(OCTET_NEG, 0.0f, 0.0f, x_there.dl(), nullptr, out_there.dl(), nullptr, stream);
  }

  void Send(const std::vector<float>& values, const DLTensor& to) {
    ASSERT_OK(octet_cuda_copy(0, static_cast<char*>(to.data) + to.byte_offset, values.data(),
                              values.size() * sizeof(float), stream));
  }

  std::vector<float> Results() {
    EXPECT_OK(octet_cuda_synchronize(0, stream));
    out_there.Fetch();
    return out.Values();
  }

  Tensor x = Tensor::Of({1.0f, -2.0f, 3.0f});
  Tensor out{kF32, {3}};
  OnDevice x_there{&x};
  OnDevice out_there{&out};
  void* stream = nullptr;
};

TEST_F(CudaGraph, RunsWhatWasRecordedOnWhatIsThere) {
  Send({0.0f, 0.0f, 0.0f}, *out_there.dl());
  void* graph = nullptr;
  size_t nodes = 0;
  ASSERT_OK(octet_cuda_graph_begin(0, stream));
  ASSERT_OK(Negate());
  ASSERT_OK(octet_cuda_graph_end(0, stream, &graph, &nodes));
  EXPECT_EQ(nodes, 1u);
  EXPECT_EQ(Results(), (std::vector<float>{0.0f, 0.0f, 0.0f}));
  for (const float factor : {1.0f, 4.0f}) {
    Send({factor, -2.0f * factor, 3.0f}, *x_there.dl());
    ASSERT_OK(octet_cuda_graph_launch(0, graph, stream));
    EXPECT_EQ(Results(), (std::vector<float>{-factor, 2.0f * factor, -3.0f}));
  }
  ASSERT_OK(octet_cuda_graph_destroy(0, graph));
  ASSERT_OK(octet_cuda_graph_destroy(0, nullptr));
}

TEST_F(CudaGraph, SaysWhatCantBeRecorded) {
  void* graph = &graph;
  EXPECT_TRUE(Says(octet_cuda_graph_begin(0, nullptr), OCTET_DEVICE_ERROR, {"cudaStreamBeginCapture"}));
  EXPECT_TRUE(Says(octet_cuda_graph_end(0, stream, &graph, nullptr), OCTET_DEVICE_ERROR, {"cudaStreamEndCapture"}));
  EXPECT_EQ(graph, nullptr);
  EXPECT_INVALID(octet_cuda_graph_launch(0, nullptr, stream), "graph is null");
  ASSERT_OK(octet_cuda_graph_begin(0, stream));
  EXPECT_TRUE(Says(octet_cuda_synchronize(0, stream), OCTET_DEVICE_ERROR, {"cudaStreamSynchronize"}));
  // On a device the recording is spoilt by now, so that its end fails; what counts is that the stream goes on.
  octet_cuda_graph_end(0, stream, nullptr, nullptr);
  ASSERT_OK(Negate());
  ASSERT_OK(octet_cuda_synchronize(0, stream));
}

TEST(CudaDevice, SaysWhatIsWrong) {
  void* memory = nullptr;
  EXPECT_INVALID(octet_cuda_allocate(99, 1, &memory), "octet_cuda_allocate", "cuda:99", "expected 0 to");
  EXPECT_INVALID(octet_cuda_allocate(0, 1, nullptr), "memory is null");
  EXPECT_TRUE(Says(octet_cuda_allocate(0, size_t{1} << 60, &memory), OCTET_OUT_OF_MEMORY, {"cudaMalloc", "cuda:0"}));
  // The failure is over.
  ASSERT_OK(octet_cuda_allocate(0, 16, &memory));
  ASSERT_OK(octet_cuda_free(0, memory));
}

class CudaPlaces : public testing::Test {
 protected:
  CudaPlaces() { x.Fill(RandomValues(12, 1.0f, 1)); }

  Tensor x{kF32, {3, 4}};
  Tensor codes{kS8, {3, 4}};
  Tensor delta = Tensor::Of({0.1f, 0.2f, 0.3f, 0.4f});
  Tensor scalar = Tensor::Scalar(0.1f);
  OnDevice x_there{&x};
  OnDevice codes_there{&codes};
  OnDevice delta_there{&delta};
  octet_grid grid{delta_there.dl(), nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, 1};
};

TEST_F(CudaPlaces, AreTheSameForAllTensors) {
  ASSERT_OK(octet_quantize(&grid, x_there.dl(), codes_there.dl(), nullptr));
  EXPECT_INVALID(octet_quantize(&grid, x_there.dl(), codes.dl(), nullptr), "codes is on cpu", "cuda:0", "x");
  grid.delta = delta.dl();
  EXPECT_INVALID(octet_quantize(&grid, x_there.dl(), codes_there.dl(), nullptr), "grid.delta", "on cpu",
                 "more than one");
  EXPECT_INVALID(octet_quantize(&grid, x.dl(), codes_there.dl(), nullptr), "codes is on cuda:0", "expected cpu", "x");
  DLTensor elsewhere = *codes_there.dl();
  elsewhere.device.device_id = 55;
  grid.delta = delta_there.dl();
  EXPECT_INVALID(octet_quantize(&grid, x_there.dl(), &elsewhere, nullptr), "codes is on cuda:55", "cuda:0");
  DLTensor nowhere = *x_there.dl();
  nowhere.device.device_id = 55;
  EXPECT_INVALID(octet_quantize(&grid, &nowhere, &elsewhere, nullptr), "x is on cuda:55", "expected 0 to");
}

TEST_F(CudaPlaces, OfGridsOfOneElementMayBeTheHost) {
  grid.axis = -1;
  grid.delta = scalar.dl();
  ASSERT_OK(octet_quantize(&grid, x_there.dl(), codes_there.dl(), nullptr));
  Tensor zero = Tensor::Scalar(1.0f);
  OnDevice zero_there(&zero);
  grid.zero_float = zero_there.dl();
  EXPECT_INVALID(octet_quantize(&grid, x_there.dl(), codes_there.dl(), nullptr), "grid.zero_float is on cuda:0",
                 "expected cpu", "grid.delta");
}

TEST_F(CudaPlaces, AreMultiplesOfTheSizeOfElements) {
  DLTensor shifted = *x_there.dl();
  shifted.byte_offset -= 2;
  EXPECT_INVALID(octet_quantize(&grid, &shifted, codes_there.dl(), nullptr), "x has its first element at",
                 "multiple of its size, 4");
}

TEST_F(CudaPlaces, OfWhatHasNoKernelAreTheCpu) {
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_pack_size(codes.dl(), OCTET_WEIGHTS_8_BIT, &bytes));
  void* packed = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  EXPECT_TRUE(Says(octet_gemm_pack(codes_there.dl(), &grid, OCTET_WEIGHTS_8_BIT, packed, bytes), OCTET_UNSUPPORTED,
                   {"octet_gemm_pack", "weights is on cuda:0", "cpu"}));
  std::free(packed);
}

TEST_F(CudaPlaces, OfFloatWeightsToBePackedAreTheCpu) {
  Tensor matrix(kF32, {4, 8});
  Tensor filters(kF32, {4, 8, 1, 1});
  OnDevice matrix_there(&matrix);
  OnDevice filters_there(&filters);
  const octet_conv2d_params params = {1, 1, 0, 0, 0, 0, 1, 1, 1};
  size_t bytes = 0;
  ASSERT_OK(octet_gemm_float_pack_size(matrix_there.dl(), &bytes));
  size_t filter_bytes = 0;
  ASSERT_OK(octet_conv2d_float_pack_size(filters_there.dl(), &params, &filter_bytes));
  bytes = std::max(bytes, filter_bytes);
  void* packed = std::aligned_alloc(64, (bytes + 63) / 64 * 64);
  EXPECT_TRUE(Says(octet_gemm_float_pack(matrix_there.dl(), packed, bytes), OCTET_UNSUPPORTED,
                   {"octet_gemm_float_pack", "weights is on cuda:0", "cpu"}));
  EXPECT_TRUE(Says(octet_conv2d_float_pack(filters_there.dl(), nullptr, &params, packed, bytes), OCTET_UNSUPPORTED,
                   {"octet_conv2d_float_pack", "weights is on cuda:0", "cpu"}));
  std::free(packed);
}

// Leaves the device unusable for the rest of the process, so it has one of its own: see CMakeLists.txt.
TEST(CudaStickyError, DISABLED_IsNamedAsSuch) {
  Tensor x(kF32, {1000});
  Tensor out(kF32, {1000});
  OnDevice out_there(&out);
  // An address that is no memory of the device.
  DLTensor nowhere = *out_there.dl();
  nowhere.data = reinterpret_cast<void*>(uintptr_t{1} << 40);
  octet_status status = octet_copy(&nowhere, out_there.dl(), nullptr);
  // Where kernels run behind the host's back the error comes with the wait.
  if (status == OCTET_OK) status = octet_cuda_synchronize(0, nullptr);
  EXPECT_TRUE(Says(status, OCTET_DEVICE_ERROR, {"cuda:0", "sticky", "cudaError"}));
  EXPECT_TRUE(Says(octet_copy(&nowhere, out_there.dl(), nullptr), OCTET_DEVICE_ERROR, {"octet_copy", "sticky"}));
}

}  // namespace
}  // namespace test
}  // namespace octet
