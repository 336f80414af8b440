// SPDX-License-Identifier: Apache-2.0
#include "device.h"

#include <algorithm>
#include <cstring>

namespace octet {
namespace bench {
namespace {

/** Multiply-adds a clock of a multiprocessor, from NVIDIA's pages on architectures: dense products of 8-bit integers on
 * tensor cores, and f32. */
struct Rate {
  int major, minor;
  double int8, f32;
};

constexpr Rate kRates[] = {{7, 5, 1024, 64},  {8, 0, 2048, 64},   {8, 6, 1024, 128}, {8, 9, 1024, 128},
                           {9, 0, 4096, 128}, {10, 0, 8192, 128}, {12, 0, 1024, 128}};

}  // namespace

Device::Device(const octet_cuda_properties& properties) : properties_(properties) {
  int kilohertz = 0;
  BENCH_CHECK(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, 0));
  clock_ = 1e-3 * kilohertz;
}

void Device::Measure(const Timer& timer) {
  constexpr double kBytes = 512e6;
  if (timer.timed()) bandwidth_ = 1e-3 * kBytes / CopyTime(timer, kBytes);
}

std::string Device::architecture() const {
  return "sm_" + std::to_string(properties_.major) + std::to_string(properties_.minor);
}

bool Device::emulated() const { return std::strstr(properties_.name, "vgpu") != nullptr; }

double Device::PeakTops(Arithmetic arithmetic) const {
  for (const Rate& rate : kRates) {
    if (rate.major != properties_.major || rate.minor != properties_.minor) continue;
    const double pairs = arithmetic == Arithmetic::kInt8 ? rate.int8 : rate.f32;
    return 2e-6 * pairs * properties_.multiprocessors * clock_;
  }
  return 0.0;
}

double Device::Roofline(const Work& work) const {
  const double tops = PeakTops(work.arithmetic);
  if (tops == 0.0 || bandwidth_ == 0.0 || work.operations == 0.0) return 0.0;
  return std::max(1e-6 * work.operations / tops, 1e-3 * work.bytes / bandwidth_);
}

double CopyTime(const Timer& timer, double bytes) {
  const auto half = static_cast<size_t>(bytes / 2.0);
  const Memory from(half);
  const Memory to(half);
  return timer.Median(
      [&] { BENCH_CHECK(cudaMemcpyAsync(to.data(), from.data(), half, cudaMemcpyDeviceToDevice, nullptr)); });
}

}  // namespace bench
}  // namespace octet
