// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include "cpu/amx_tiles.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {
namespace {

// Written in assembly because GCC 12's functions for tiles take their numbers as text, which template parameters are
// not, and do not say that TILELOADD reads memory. Compilers use no tile on their own.
struct Amx {
  static void Configure(const AmxShapes& shapes) { asm volatile("ldtilecfg %0" : : "m"(shapes)); }

  static void Release() { asm volatile("tilerelease" : : : "memory"); }

  template <int kTile>
  static void Zero() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }

  template <int kTile>
  static void Load(const void* from, int64_t stride) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(from), "r"(stride), "i"(kTile) : "memory");
  }

  template <int kTile>
  static void Store(void* to, int64_t stride) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(to), "r"(stride), "i"(kTile) : "memory");
  }

  template <int kSums, int kActivations, int kWeights>
  static void Dot() {
    // The other way round than in Intel's manual: tmm of the sums last, weights first.
    asm volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSums), "i"(kActivations), "i"(kWeights));
  }

  static void CopyGroups(const char* from, int first, char* to) {
    const auto wanted = static_cast<__mmask16>(0xffffu << first);
    _mm512_store_si512(to, _mm512_maskz_loadu_epi32(wanted, from));
  }

  static const GemmKernels& Small() { return Avx512VnniGemmKernels(); }
};

}  // namespace

const GemmKernels& AmxGemmKernels() {
  static const GemmKernels kernels = AmxKernelsOn<Amx>();
  return kernels;
}

}  // namespace cpu
}  // namespace octet
