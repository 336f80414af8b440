// SPDX-License-Identifier: Apache-2.0
// Kernels on a CUDA device.
//
//     octet_cuda_bench [liboctet_cuda.so]
//
// On an emulated device shapes are small, everything is run once, and no times are printed: there are none.
#include "cuda_bench.h"

#include <cstring>

namespace octet {
namespace bench {
namespace {

int Main(int count, char** arguments) {
  if (octet_cuda_load(count > 1 ? arguments[1] : nullptr) != OCTET_OK) {
    std::printf("skipped: %s\n", octet_cuda_unavailable());
    return 77;
  }
  octet_cuda_properties properties;
  BENCH_CHECK(octet_cuda_device_properties(0, &properties));
  const bool timed = std::strstr(properties.name, "vgpu") == nullptr;
  std::printf("%s, sm_%d%d, %d multiprocessors%s\n", properties.name, properties.major, properties.minor,
              properties.multiprocessors, timed ? "" : ": emulated, no times");
  const Memory cold(timed ? static_cast<size_t>(2 * properties.l2_cache) : 1);
  GemmBench(timed, cold);
  AttentionBench(timed, cold);
  FloatBench(timed, cold);
  return 0;
}

}  // namespace
}  // namespace bench
}  // namespace octet

int main(int count, char** arguments) { return octet::bench::Main(count, arguments); }
