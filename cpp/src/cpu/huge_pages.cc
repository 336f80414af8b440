// SPDX-License-Identifier: Apache-2.0
#include "cpu/huge_pages.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace octet {
namespace cpu {

#if defined(__linux__)
void AdviseHugePages(void* begin, int64_t bytes) {
  // The usual size; with another one the request covers less or more of the same memory, which harms nothing.
  constexpr uintptr_t kHugePage = uintptr_t{2} << 20;
  const uintptr_t from = (reinterpret_cast<uintptr_t>(begin) + kHugePage - 1) & ~(kHugePage - 1);
  const uintptr_t to = (reinterpret_cast<uintptr_t>(begin) + static_cast<uintptr_t>(bytes)) & ~(kHugePage - 1);
  // Memory that can't have huge pages says so; that is no error here.
  if (from < to) (void)madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}
#else
void AdviseHugePages(void*, int64_t) {}
#endif

}  // namespace cpu
}  // namespace octet
