// SPDX-License-Identifier: Apache-2.0
// Events, the functions of octet/cuda_event.h: a table beside that of cuda/backend.h, which all kernels include and
// which this one leaves as it is.
#ifndef OCTET_CUDA_EVENTS_H_
#define OCTET_CUDA_EVENTS_H_

#include "cuda/backend.h"

namespace octet {
namespace cuda {

struct EventTable {
  /** sizeof(EventTable) of the library that made it. */
  uint32_t bytes;
  octet_status (*create)(const Call* call, void** event);
  octet_status (*destroy)(const Call* call, void* event);
  octet_status (*record)(const Call* call, void* event);
  octet_status (*query)(const Call* call, void* event, int32_t* done);
  octet_status (*synchronize)(const Call* call, void* event);
  /** The call's stream waits. */
  octet_status (*wait)(const Call* call, void* event);
};

/** The symbol that liboctet_cuda exports, a `const EventTable* (*)()`. */
constexpr const char* kEventTableSymbol = "octet_cuda_event_table";

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_EVENTS_H_
