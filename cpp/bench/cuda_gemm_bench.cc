// SPDX-License-Identifier: Apache-2.0
// Matrix products of s8 on a CUDA device, s8 out with a scale for each column and a bias, beside cuBLASLt's with one
// scale. Each run finds the second-level cache cold: memory twice its size is written before. Times are between CUDA
// events, the median of 20 runs; TOPS counts a multiplication and an addition as two, GB/s each operand once.
//
//     octet_cuda_bench [liboctet_cuda.so]
//
// On an emulated device shapes are small, everything is run once, and no times are printed: there are none.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <vector>

#include "cublaslt.h"
#include "octet/octet.h"

namespace octet {
namespace bench {
namespace {

constexpr int kRuns = 20;
constexpr int kWarmUps = 3;

struct Shape {
  int64_t m, n, k;
};

constexpr Shape kShapes[] = {{1, 4096, 4096},    {8, 4096, 4096},    {16, 4096, 4096},    {17, 4096, 4096},
                             {32, 4096, 4096},   {64, 4096, 4096},   {128, 4096, 4096},   {512, 4096, 4096},
                             {1024, 8192, 8192}, {4096, 4096, 4096}, {1024, 8192, 21760}, {8192, 8192, 8192},
                             {4096, 384, 1536},  {12288, 768, 768},  {12288, 3072, 768}};
constexpr Shape kSmallShapes[] = {{1, 64, 128}, {16, 64, 128}, {32, 64, 128}, {70, 96, 192}};

#define BENCH_CHECK(call)                                                 \
  do {                                                                    \
    if ((call) != 0) {                                                    \
      std::fprintf(stderr, "%s failed: %s\n", #call, octet_last_error()); \
      std::exit(1);                                                       \
    }                                                                     \
  } while (false)

/** Memory of the device, filled with a byte. */
class Memory {
 public:
  explicit Memory(size_t bytes) : bytes_(bytes) {
    BENCH_CHECK(cudaMalloc(&data_, std::max<size_t>(bytes, 1)));
    BENCH_CHECK(cudaMemset(data_, 1, bytes));
  }
  ~Memory() { cudaFree(data_); }
  Memory(const Memory&) = delete;
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  size_t bytes_;
  void* data_ = nullptr;
};

struct Matrix {
  Matrix(void* data, DLDevice device, DLDataType type, int64_t rows, int64_t columns) : shape{rows, columns} {
    tensor = {data, device, 2, type, shape, nullptr, 0};
  }
  int64_t shape[2];
  DLTensor tensor;
};

constexpr DLDataType kS8 = {kDLInt, 8, 1};
constexpr DLDataType kF32 = {kDLFloat, 32, 1};
constexpr DLDevice kHost = {kDLCPU, 0};
constexpr DLDevice kDevice = {kDLCUDA, 0};

/** Median microseconds of a call; one run without a time where it can't be taken. */
template <typename Call>
double Time(bool timed, const Memory& cold, const Call& call) {
  cudaEvent_t before, after;
  BENCH_CHECK(cudaEventCreate(&before));
  BENCH_CHECK(cudaEventCreate(&after));
  std::vector<float> times;
  for (int run = 0; run < (timed ? kWarmUps + kRuns : 1); ++run) {
    if (timed) BENCH_CHECK(cudaMemsetAsync(cold.data(), run, cold.bytes(), nullptr));
    BENCH_CHECK(cudaEventRecord(before, nullptr));
    call();
    BENCH_CHECK(cudaEventRecord(after, nullptr));
    BENCH_CHECK(cudaEventSynchronize(after));
    float milliseconds = 0.0f;
    BENCH_CHECK(cudaEventElapsedTime(&milliseconds, before, after));
    if (run >= kWarmUps) times.push_back(milliseconds);
  }
  cudaEventDestroy(before);
  cudaEventDestroy(after);
  if (times.empty()) return 0.0;
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return 1000.0 * static_cast<double>(times[times.size() / 2]);
}

/** 64-byte aligned memory of the host. */
struct alignas(64) Line {
  char bytes[64];
};

void Run(const Shape& shape, bool timed, const Memory& cold, CublasLt* lt) {
  const auto [m, n, k] = shape;
  std::vector<int8_t> codes(static_cast<size_t>(n * k), 3);
  std::vector<float> scales(static_cast<size_t>(n), 0.01f);
  Matrix weights(codes.data(), kHost, kS8, n, k);
  Matrix delta(scales.data(), kHost, kF32, 1, n);
  delta.tensor.ndim = 1;
  delta.tensor.shape = delta.shape + 1;
  const octet_grid w_grid = {&delta.tensor, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, 0};
  size_t bytes = 0;
  BENCH_CHECK(octet_gemm_pack_size(&weights.tensor, OCTET_WEIGHTS_8_BIT, &bytes));
  std::vector<Line> packed(bytes / sizeof(Line) + 1);
  BENCH_CHECK(octet_gemm_pack(&weights.tensor, &w_grid, OCTET_WEIGHTS_8_BIT, packed.data(), bytes));
  size_t block_bytes = 0;
  BENCH_CHECK(octet_gemm_device_size(packed.data(), bytes, &block_bytes));
  const Memory block(block_bytes);
  Line handle;
  BENCH_CHECK(octet_gemm_to_device(packed.data(), bytes, 0, block.data(), block_bytes, &handle, nullptr));

  const Memory a_memory(static_cast<size_t>(m * k));
  const Memory out_memory(static_cast<size_t>(m * n));
  const Memory bias_memory(static_cast<size_t>(n) * 4);
  Matrix a(a_memory.data(), kDevice, kS8, m, k);
  Matrix out(out_memory.data(), kDevice, kS8, m, n);
  Matrix bias(bias_memory.data(), kDevice, kF32, 1, n);
  bias.tensor.ndim = 1;
  bias.tensor.shape = bias.shape + 1;
  float scale = 0.01f;
  Matrix one(&scale, kHost, kF32, 1, 1);
  one.tensor.ndim = 0;
  const octet_grid grid = {&one.tensor, nullptr, -128.0f, 127.0f, OCTET_SCALE_LINEAR, 1e-8f, -1};
  octet_epilogue epilogue = {};
  epilogue.bias = &bias.tensor;
  epilogue.out_grid = &grid;
  size_t workspace_bytes = 0;
  BENCH_CHECK(octet_gemm_workspace_size(&a.tensor, &handle, sizeof(handle), &workspace_bytes));
  const Memory workspace(workspace_bytes);
  const double time = Time(timed, cold, [&] {
    BENCH_CHECK(octet_gemm(&a.tensor, &grid, &handle, sizeof(handle), &epilogue, &out.tensor, workspace.data(),
                           workspace_bytes, nullptr));
  });
  std::printf("%6lld %6lld %6lld", static_cast<long long>(m), static_cast<long long>(n), static_cast<long long>(k));
  if (!timed) {
    std::printf("  ran\n");
    return;
  }
  const double operations = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const double moved = static_cast<double>(m * k + n * k + m * n);
  std::printf(" %10.1f us %8.1f TOPS %8.1f GB/s", time, operations / time * 1e-6, moved / time * 1e-3);
  if (lt->missing() != nullptr || !lt->Plan(m, n, k)) {
    std::printf("  cuBLASLt: %s\n", lt->missing() != nullptr ? lt->missing() : "no kernel for the shape");
    return;
  }
  const Memory plain(static_cast<size_t>(n * k));
  const double theirs =
      Time(timed, cold, [&] { lt->Run(0.0001f, a_memory.data(), plain.data(), out_memory.data(), nullptr); });
  std::printf("  cuBLASLt %10.1f us, ratio %.2f\n", theirs, theirs / time);
}

int Main(int count, char** arguments) {
  if (octet_cuda_load(count > 1 ? arguments[1] : nullptr) != OCTET_OK) {
    std::printf("skipped: %s\n", octet_cuda_unavailable());
    return 77;
  }
  octet_cuda_properties properties;
  BENCH_CHECK(octet_cuda_device_properties(0, &properties));
  const bool timed = std::strstr(properties.name, "vgpu") == nullptr;
  std::printf("%s, sm_%d%d, %d multiprocessors%s\n     M      N      K\n", properties.name, properties.major,
              properties.minor, properties.multiprocessors, timed ? "" : ": emulated, no times");
  const Memory cold(timed ? static_cast<size_t>(2 * properties.l2_cache) : 1);
  CublasLt lt;
  if (timed) {
    for (const Shape& shape : kShapes) Run(shape, timed, cold, &lt);
  } else {
    for (const Shape& shape : kSmallShapes) Run(shape, timed, cold, &lt);
  }
  return 0;
}

}  // namespace
}  // namespace bench
}  // namespace octet

int main(int count, char** arguments) { return octet::bench::Main(count, arguments); }
