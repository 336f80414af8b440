// SPDX-License-Identifier: Apache-2.0
// The benchmark of the kernels on a CUDA device:
//
//     octet_cuda_bench                                   all rows, with the kernels beside liboctet
//     octet_cuda_bench build/cpp/src/cuda/liboctet_cuda.so
//     octet_cuda_bench --list                            names of rows
//     octet_cuda_bench --filter gemm/s8xs8-s8 --json rows.jsonl
//     octet_cuda_bench --filter conv2d --filter gemm/ --kernel 128x128 --parts 1
//
// A row is "family/case/sizes", its family a function of the C API. It has
//
//   - microseconds between CUDA events, the median of 20 runs that find the second-level cache cold (they are steadier
//     with the clocks fixed, by nvidia-smi --lock-gpu-clocks for example);
//   - TOPS, a multiplication and an addition being two operations, where there are any;
//   - GB/s of the bytes that have to move: each input and output once, whatever the kernel reads twice;
//   - the share of the roofline, for rows with operations: of the time that these take at the highest clock of tensor
//     cores (f32 units for products of floats), or that the bytes take at the speed of a large copy, the longer one;
//   - a peer's time, and its ratio to the row's: above 1 the row is faster. For products cuBLASLt, where
//     libcublasLt.so.13 is installed: the fastest of up to 8 kernels that its heuristics name, between the types that
//     its name has, and without the bias and the scales of channels of the row. For rows without operations a copy
//     within the device (cudaMemcpyAsync) that moves as many bytes.
//
// With --json a line for each row: device, architecture, family, row, us, tops, gb_s, roofline_us, roofline_ratio,
// peer, peer_us, ratio (null: there is none), and error where it failed.
//
// On an emulated device shapes are small, everything is run once, and no times are printed: there are none. The program
// returns 0; 1 where a row failed; 2 for arguments that it does not take; 77 without a device.
#include <unistd.h>

#include <cstdio>

#include "families.h"

namespace octet {
namespace bench {
namespace {

constexpr int kSkipped = 77;
constexpr char kNoRows[] = "no row has the text of --filter in its name: see --list";

void AllRows(Bench* bench) {
  for (const auto rows : {FakeQuantizeRows, QuantizeRows, RangeRows, NormRows, SoftmaxRows, EmbeddingRows, PoolRows,
                          ElementwiseRows, CopyRows, ReduceRows, IntegerRows, GemmRows, GroupedRows, FloatGemmRows,
                          MatmulRows, Conv2dRows, AttentionRows, RecurrentRows}) {
    rows(bench);
  }
}

void PrintDevice(const Device& device, const CublasLt& lt) {
  const octet_cuda_properties& properties = device.properties();
  std::printf("%s, %s, %d multiprocessors, %.0f MB of second-level cache", device.name(), device.architecture().c_str(),
              properties.multiprocessors, 1e-6 * static_cast<double>(properties.l2_cache));
  if (device.emulated()) {
    std::printf(": emulated, no times\n");
    return;
  }
  std::printf("\ncopy %.0f GB/s", device.bandwidth());
  const double int8 = device.PeakTops(Arithmetic::kInt8);
  if (int8 > 0.0) std::printf(", at most %.0f TOPS of int8, %.1f of f32", int8, device.PeakTops(Arithmetic::kF32));
  std::printf("\n");
  if (lt.missing() != nullptr) std::printf("no peer for products: %s\n", lt.missing());
}

int RunRows(const Options& options, std::FILE* json) {
  octet_cuda_properties properties;
  BENCH_CHECK(octet_cuda_device_properties(0, &properties));
  Device device(properties);
  const Timer timer(!device.emulated(), properties.l2_cache);
  device.Measure(timer);
  CublasLt lt;
  PrintDevice(device, lt);
  Bench bench(options, device, timer, device.emulated() ? nullptr : &lt, json);
  AllRows(&bench);
  if (bench.rows() == 0) return Refuse(kNoRows);
  if (bench.lost()) std::printf("stopped: the error leaves the device without use to this process\n");
  std::printf("%d rows, %d failed\n", bench.rows(), bench.failures());
  return bench.failures() == 0 ? 0 : 1;
}

int Main(int count, char** arguments) {
  Options options;
  if (const int result = ReadOptions(count, arguments, &options); result >= 0) return result;
  if (options.list) {
    Bench bench(options);
    AllRows(&bench);
    return bench.rows() == 0 ? Refuse(kNoRows) : 0;
  }
  if (!options.library.empty() && access(options.library.c_str(), R_OK) != 0) {
    return Refuse(options.library + " can't be read");
  }
  if (octet_cuda_load(options.library.empty() ? nullptr : options.library.c_str()) != OCTET_OK) {
    std::printf("skipped: %s\n", octet_cuda_unavailable());
    return kSkipped;
  }
  const char* const kernel = options.kernel.empty() ? nullptr : options.kernel.c_str();
  if (octet_gemm_force_kernel(0, kernel, options.parts) != OCTET_OK) {
    return Refuse(std::string("--kernel: ") + octet_last_error());
  }
  std::FILE* json = nullptr;
  if (!options.json.empty()) {
    json = std::fopen(options.json.c_str(), "w");
    if (json == nullptr) return Refuse("--json: " + options.json + " can't be written");
  }
  int result = 1;
  try {
    result = RunRows(options, json);
  } catch (const Failure& failure) {
    std::fprintf(stderr, "octet_cuda_bench: %s\n", failure.what());
  }
  if (json != nullptr) std::fclose(json);
  return result;
}

}  // namespace
}  // namespace bench
}  // namespace octet

int main(int count, char** arguments) { return octet::bench::Main(count, arguments); }
