// SPDX-License-Identifier: Apache-2.0
// Parts of a result that several blocks make and add up in global memory: the one that comes last goes on with all of
// it.
#ifndef OCTET_CUDA_ARRIVALS_H_
#define OCTET_CUDA_ARRIVALS_H_

#include <cstdint>

namespace octet {
namespace cuda {

/**
 * Counts at `arrived`, 0 at first, that a part is done, all threads that made it together: `thread` of them, which
 * meet() waits for. True for the threads of the part that came last of `parts`: what those of all parts did to global
 * memory before is there, for atomics and for loads that do not look in the first-level cache (__ldcg).
 *
 * word: in shared memory, of these threads. The last ones may read it until they meet again.
 */
template <typename Meet>
__device__ bool CameLast(int32_t* arrived, int32_t parts, int thread, int32_t* word, const Meet& meet) {
  // The thread that counts makes known what all have done: a fence after the barrier is one for all of them.
  meet();
  if (thread == 0) {
    __threadfence();
    *word = atomicAdd(arrived, 1);
    __threadfence();
  }
  meet();
  return *word == parts - 1;
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ARRIVALS_H_
