// SPDX-License-Identifier: Apache-2.0
// The instructions of the matrix product: copies to shared memory that do not wait, fragments from shared memory, and
// products of them. Fragments have the layout of mma.m16n8k32 on every architecture.
#ifndef OCTET_CUDA_GEMM_INSTRUCTIONS_H_
#define OCTET_CUDA_GEMM_INSTRUCTIONS_H_

#include <cstdint>

namespace octet {
namespace cuda {

__device__ inline uint32_t SharedAddress(const void* pointer) {
  return static_cast<uint32_t>(__cvta_generic_to_shared(pointer));
}

/**
 * Copies `bytes` (0 to 16) at `from` + kFromOffset to 16 bytes of shared memory at `to` + kOffset and fills up with
 * zeros. Global memory beyond is not read. Offsets that are part of an instruction cost none.
 */
template <int kOffset, int kFromOffset = 0>
__device__ inline void CopyAsync(uint32_t to, const int8_t* from, int bytes) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0+%3], [%1+%4], 16, %2;" ::"r"(to), "l"(from), "r"(bytes), "n"(kOffset),
               "n"(kFromOffset)
               : "memory");
#endif
}

/** Copies 16 bytes. */
template <int kOffset, int kFromOffset = 0>
__device__ inline void CopyAsync(uint32_t to, const int8_t* from) {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0+%2], [%1+%3], 16;" ::"r"(to), "l"(from), "n"(kOffset), "n"(kFromOffset)
               : "memory");
#endif
}

__device__ inline void CommitCopies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}

/** Waits until no more than `kPending` of the groups last committed are under way. */
template <int kPending>
__device__ inline void WaitForCopies() {
#if __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(kPending) : "memory");
#endif
}

/** Four matrices of 8 rows of 16 bytes; lane l has the address, less kOffset, of row l % 8 of matrix l / 8. */
template <int kOffset>
__device__ inline void LoadMatrices(uint32_t address, uint32_t (&words)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address), "n"(kOffset)
               : "memory");
}

/** As LoadMatrices, each matrix transposed as one of 8 x 8 elements of 16 bits. */
template <int kOffset>
__device__ inline void LoadTransposed(uint32_t address, uint32_t (&words)[4]) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(address), "n"(kOffset)
               : "memory");
}

/** Types of the factors: rows of the first, columns of the second. */
enum class Factors { kS8S8, kU8S8, kS8U8 };

/** mma.m8n8k16: sums[0..1] of rows 0..7, of a turing device. */
template <Factors kFactors>
__device__ inline void MultiplySmall(int32_t* sums, uint32_t a, uint32_t b) {
  if constexpr (kFactors == Factors::kS8S8) {
    asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+r"(sums[0]), "+r"(sums[1])
                 : "r"(a), "r"(b));
  } else if constexpr (kFactors == Factors::kU8S8) {
    asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.u8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+r"(sums[0]), "+r"(sums[1])
                 : "r"(a), "r"(b));
  } else {
    asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.u8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
                 : "+r"(sums[0]), "+r"(sums[1])
                 : "r"(a), "r"(b));
  }
}

/** sums [16][8] += a [16][32] * b [8][32]^T, modulo 2^32. b: words of k 0..15 and of k 16..31. */
template <Factors kFactors>
__device__ inline void Multiply(int32_t (&sums)[4], const uint32_t (&a)[4], uint32_t b_low, uint32_t b_high) {
#if __CUDA_ARCH__ >= 800
  if constexpr (kFactors == Factors::kS8S8) {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_low), "r"(b_high));
  } else if constexpr (kFactors == Factors::kU8S8) {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_low), "r"(b_high));
  } else {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.u8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
        "%3};"
        : "+r"(sums[0]), "+r"(sums[1]), "+r"(sums[2]), "+r"(sums[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b_low), "r"(b_high));
  }
#else
  MultiplySmall<kFactors>(sums, a[0], b_low);
  MultiplySmall<kFactors>(sums + 2, a[1], b_low);
  MultiplySmall<kFactors>(sums, a[2], b_high);
  MultiplySmall<kFactors>(sums + 2, a[3], b_high);
#endif
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_INSTRUCTIONS_H_
