// SPDX-License-Identifier: Apache-2.0
#include "cpu/isa.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cpu/amx.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {
namespace {

constexpr octet_isa kAll[] = {OCTET_ISA_SCALAR,   OCTET_ISA_AVX2,        OCTET_ISA_AVX512,
                              OCTET_ISA_AVX_VNNI, OCTET_ISA_AVX512_VNNI, OCTET_ISA_AMX_INT8};

octet_isa Best() {
  octet_isa best = OCTET_ISA_SCALAR;
  for (octet_isa isa : kAll) {
    if (IsaAvailable(isa)) best = isa;
  }
  return best;
}

octet_isa Initial() {
  const char* wanted = std::getenv("OCTET_ISA");
  if (wanted == nullptr || *wanted == '\0') return Best();
  for (octet_isa isa : kAll) {
    if (std::strcmp(wanted, IsaName(isa)) == 0 && IsaAvailable(isa)) return isa;
  }
  const octet_isa best = Best();
  std::fprintf(stderr,
               "octet: OCTET_ISA=%.32s is not scalar, avx2, avx512, avx_vnni, avx512_vnni or amx_int8, or this machine "
               "lacks it; using %s\n",
               wanted, IsaName(best));
  return best;
}

std::atomic<octet_isa>& Current() {
  static std::atomic<octet_isa> current(Initial());
  return current;
}

}  // namespace

bool IsaAvailable(int isa) {
  switch (isa) {
    case OCTET_ISA_SCALAR:
      return true;
#if defined(OCTET_HAVE_X86)
    case OCTET_ISA_AVX2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
    case OCTET_ISA_AVX512:
      return IsaAvailable(OCTET_ISA_AVX2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    case OCTET_ISA_AVX_VNNI:
      return IsaAvailable(OCTET_ISA_AVX2) && __builtin_cpu_supports("avxvnni");
    case OCTET_ISA_AVX512_VNNI:
      return IsaAvailable(OCTET_ISA_AVX512) && __builtin_cpu_supports("avx512vnni");
    case OCTET_ISA_AMX_INT8:
      return IsaAvailable(OCTET_ISA_AVX512_VNNI) && (AmxStandIn() != nullptr || AmxWorks());
#endif
    default:
      return false;
  }
}

octet_isa CurrentIsa() { return Current().load(std::memory_order_relaxed); }

void SetIsa(octet_isa isa) { Current().store(isa, std::memory_order_relaxed); }

const char* IsaName(int isa) {
  switch (isa) {
    case OCTET_ISA_SCALAR:
      return "scalar";
    case OCTET_ISA_AVX2:
      return "avx2";
    case OCTET_ISA_AVX512:
      return "avx512";
    case OCTET_ISA_AVX_VNNI:
      return "avx_vnni";
    case OCTET_ISA_AVX512_VNNI:
      return "avx512_vnni";
    case OCTET_ISA_AMX_INT8:
      return "amx_int8";
    default:
      return "unknown";
  }
}

}  // namespace cpu
}  // namespace octet
