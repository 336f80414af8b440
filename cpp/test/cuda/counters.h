// SPDX-License-Identifier: Apache-2.0
// What the emulator counts of the kernels of a call. A real device has no such counters here.
#ifndef OCTET_TEST_CUDA_COUNTERS_H_
#define OCTET_TEST_CUDA_COUNTERS_H_

#include <cstdint>
#include <string>

namespace octet {
namespace test {

/** Of global memory: bytes asked for, and sectors of 32 bytes touched by the requests of warps. */
struct Traffic {
  int64_t requests = 0;
  int64_t sectors = 0;
  int64_t bytes = 0;

  /** Bytes asked for over bytes of the sectors. */
  double efficiency() const {
    return sectors == 0 ? 1.0 : static_cast<double>(bytes) / (32.0 * static_cast<double>(sectors));
  }
};

/** Sums over launches. */
struct Counters {
  int64_t launches = 0;
  Traffic load;
  Traffic store;
  /** Wavefronts of shared memory beyond those that a request takes without conflicts. */
  int64_t conflicts = 0;
  int64_t warp_instructions = 0;
  /** Warps of all blocks. */
  int64_t warps = 0;
  /** Instructions of warps: products of fragments, loads of fragments, and asynchronous copies. */
  int64_t mma = 0;
  int64_t ldmatrix = 0;
  int64_t cp_async = 0;
};

/** To be called before the CUDA runtime is loaded: asks the emulator for counters, in a file of this process. */
void AskForCounters();

/** Whether there are counters: after a launch. */
bool HasCounters();

/** Counters of the launches since the call before. */
Counters TakeCounters();

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_COUNTERS_H_
