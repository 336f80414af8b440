// SPDX-License-Identifier: Apache-2.0
// Instructions of sm_90a: barriers in shared memory that count bytes as well as threads, copies of boxes of a tensor
// (TMA), and products of a warpgroup (wgmma), four warps together, with both factors in shared memory.
#ifndef OCTET_CUDA_GEMM_HOPPER_INSTRUCTIONS_H_
#define OCTET_CUDA_GEMM_HOPPER_INSTRUCTIONS_H_

#include <cuda.h>

#include <cstdint>

#include "cuda/gemm/instructions.h"

namespace octet {
namespace cuda {

/** Bytes of a stage's row: the most that a box has, which the 128-byte swizzle exchanges 16-byte chunks in. */
constexpr int kBoxRowBytes = 128;

/** A barrier whose phases end when `arrivals` threads have come and all bytes announced have been written. */
__device__ inline void InitBarrier(uint32_t barrier, uint32_t arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

/** Makes barriers that this thread initialized known to copies, and to the other blocks of a cluster. */
__device__ inline void PublishBarriers() { asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory"); }

/** Takes registers from those that other warpgroups of the block gave up, up to so many a thread; waits for them. */
template <int kRegisters>
__device__ inline void TakeRegisters() {
  asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

/** Gives up registers down to so many a thread. */
template <int kRegisters>
__device__ inline void GiveRegisters() {
  asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(kRegisters));
}

/** Waits for the end of the phase of this parity; all threads of a warp may. */
__device__ inline void WaitForPhase(uint32_t barrier, uint32_t parity) {
  uint32_t done;
  do {
    asm volatile(
        "{\n\t"
        ".reg .pred done;\n\t"
        "mbarrier.try_wait.parity.shared::cta.b64 done, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, done;\n\t"
        "}"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (done == 0);
}

/** The same where threads of other blocks of the cluster arrive as well. */
__device__ inline void WaitForPhaseOfCluster(uint32_t barrier, uint32_t parity) {
  uint32_t done;
  do {
    asm volatile(
        "{\n\t"
        ".reg .pred done;\n\t"
        "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 done, [%1], %2;\n\t"
        "selp.u32 %0, 1, 0, done;\n\t"
        "}"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (done == 0);
}

/** Arrives at a barrier of this block, or does not; without a branch, so that the threads of a warp stay together. */
__device__ inline void ArriveIf(bool arrives, uint32_t barrier) {
  asm volatile(
      "{\n\t"
      ".reg .pred arrives;\n\t"
      ".reg .b64 state;\n\t"
      "setp.ne.u32 arrives, %0, 0;\n\t"
      "@arrives mbarrier.arrive.shared::cta.b64 state, [%1];\n\t"
      "}" ::"r"(static_cast<uint32_t>(arrives)),
      "r"(barrier)
      : "memory");
}

/** At the barrier that block number `block` of the cluster has at the same place. */
__device__ inline void ArriveInBlockIf(bool arrives, uint32_t barrier, uint32_t block) {
  asm volatile(
      "{\n\t"
      ".reg .pred arrives;\n\t"
      ".reg .b32 remote;\n\t"
      "setp.ne.u32 arrives, %0, 0;\n\t"
      "@arrives mapa.shared::cluster.u32 remote, %1, %2;\n\t"
      "@arrives mbarrier.arrive.release.cluster.shared::cluster.b64 _, [remote];\n\t"
      "}" ::"r"(static_cast<uint32_t>(arrives)),
      "r"(barrier), "r"(block)
      : "memory");
}

__device__ inline uint32_t BlockOfCluster() {
  uint32_t block;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(block));
  return block;
}

/** All threads of all blocks of a cluster meet. */
__device__ inline void SynchronizeCluster() {
  asm volatile("barrier.cluster.arrive.release;\n\tbarrier.cluster.wait.acquire;" ::: "memory");
}

/** Arrives and announces bytes. */
__device__ inline void ArriveAndExpect(uint32_t barrier, uint32_t bytes) {
  asm volatile(
      "{\n\t.reg .b64 state;\n\tmbarrier.arrive.expect_tx.shared::cta.b64 state, [%0], %1;\n\t}" ::"r"(barrier),
      "r"(bytes)
      : "memory");
}

/** Barriers of a block besides that of __syncthreads, which is number 0: threads that wait and threads that arrive. */
__device__ inline void WaitAtBarrier(int number, int threads) {
  asm volatile("barrier.cta.sync.aligned %0, %1;" ::"r"(number), "r"(threads) : "memory");
}

__device__ inline void ArriveAtBarrier(int number, int threads) {
  asm volatile("barrier.cta.arrive.aligned %0, %1;" ::"r"(number), "r"(threads) : "memory");
}

__device__ inline void PrefetchMap(const CUtensorMap* map) {
  asm volatile("prefetch.tensormap [%0];" ::"l"(map) : "memory");
}

/** Where a box begins: in codes, and in what the other dimensions of its map count. */
struct BoxAt {
  int32_t code;
  int32_t second;
  int32_t third;
  int32_t fourth;
};

/** Starts to copy a box of the map to `to`; zeros for what is outside of the tensor. */
__device__ inline void CopyBox(uint32_t to, const CUtensorMap* map, const BoxAt& at, uint32_t barrier) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4, %5}], "
      "[%6];" ::"r"(to),
      "l"(map), "r"(at.code), "r"(at.second), "r"(at.third), "r"(at.fourth), "r"(barrier)
      : "memory");
}

/** The same for all blocks of the cluster that have a bit in `blocks`: at the same places of each, barrier included. */
__device__ inline void CopyBoxToBlocks(uint32_t to, const CUtensorMap* map, const BoxAt& at, uint32_t barrier,
                                       uint16_t blocks) {
  asm volatile(
      "cp.async.bulk.tensor.4d.shared::cluster.global.tile.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1, "
      "{%2, %3, %4, %5}], [%6], %7;" ::"r"(to),
      "l"(map), "r"(at.code), "r"(at.second), "r"(at.third), "r"(at.fourth), "r"(barrier), "h"(blocks)
      : "memory");
}

/**
 * The descriptor, but for an address, of K-major rows as a box lays them down: box_codes bytes each without gaps, in
 * the swizzle of as many bytes, or in none where they are 16. box_bytes: from a box to the next one.
 */
constexpr uint64_t RowsDescriptor(int box_codes, int box_bytes) {
  const uint64_t swizzle = box_codes == 128 ? 1 : box_codes == 64 ? 2 : box_codes == 32 ? 3 : 0;
  const uint64_t eight_rows = static_cast<uint64_t>(8 * box_codes / 16);
  // From the first 16 codes of a step to the others: not read where there is a swizzle.
  const uint64_t leading = static_cast<uint64_t>(box_bytes / 16);
  return swizzle << 62 | eight_rows << 32 | leading << 16;
}

/** What a descriptor counts in. */
__device__ inline uint64_t DescriptorAddress(uint32_t address) { return (address & 0x3ffff) >> 4; }

/** Before the first product of a group, and after other instructions touched the sums. */
__device__ inline void BeginProducts() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }

__device__ inline void CommitProducts() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }

/** Waits until no more than kPending of the groups last committed are under way. */
template <int kPending>
__device__ inline void WaitForProducts() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
}

/** Keeps the compiler from reading sums before what is above it. */
template <int kParts>
__device__ inline void HoldSums(int32_t (&sums)[kParts][4]) {
#pragma unroll
  for (int i = 0; i < kParts; ++i) {
    asm volatile("" : "+r"(sums[i][0]), "+r"(sums[i][1]), "+r"(sums[i][2]), "+r"(sums[i][3])::"memory");
  }
}

/** Keeps the compiler from making words between products that read them, where they would need a fence of their own. */
template <int kParts>
__device__ inline void HoldWords(uint32_t (&words)[kParts][4]) {
#pragma unroll
  for (int i = 0; i < kParts; ++i) {
    asm volatile("" : "+r"(words[i][0]), "+r"(words[i][1]), "+r"(words[i][2]), "+r"(words[i][3])::"memory");
  }
}

// Operands of the products: their text, and four and thirty-two sums.
#define OCTET_REGISTERS_64                                                                               \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, " \
  "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, " \
  "%42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, " \
  "%62, %63"

#define OCTET_REGISTERS_128                                                                                \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, "   \
  "%22, %23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, "   \
  "%42, %43, %44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, "   \
  "%62, %63, %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, "   \
  "%82, %83, %84, %85, %86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, " \
  "%102, %103, %104, %105, %106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, " \
  "%119, %120, %121, %122, %123, %124, %125, %126, %127"
#define OCTET_SUMS_4(i) "+r"(sums[i][0]), "+r"(sums[i][1]), "+r"(sums[i][2]), "+r"(sums[i][3])
#define OCTET_SUMS_32(i)                                                                               \
  OCTET_SUMS_4(i), OCTET_SUMS_4(i + 1), OCTET_SUMS_4(i + 2), OCTET_SUMS_4(i + 3), OCTET_SUMS_4(i + 4), \
      OCTET_SUMS_4(i + 5), OCTET_SUMS_4(i + 6), OCTET_SUMS_4(i + 7)
#define OCTET_PRODUCT(shape, types, registers, a, b, add)                           \
  "{\n\t"                                                                           \
  ".reg .pred add;\n\t"                                                             \
  "setp.ne.b32 add, " add                                                           \
  ", 0;\n\t"                                                                        \
  "wgmma.mma_async.sync.aligned." shape ".s32." types " {" registers "}, " a ", " b \
  ", add;\n\t"                                                                      \
  "}"

/**
 * sums [64][8 * kParts] = a [64][32] * b [8 * kParts][32]^T, modulo 2^32, plus what they were if `add`; a warpgroup
 * together. sums[c][2 * h + i]: row 16 * warp + lane / 4 + 8 * h, column 8 * c + lane % 4 * 2 + i.
 */
template <bool kSigned, int kParts>
__device__ inline void MultiplyRows(int32_t (&sums)[kParts][4], uint64_t a, uint64_t b, int add) {
  static_assert(kParts == 16 || kParts == 32, "128 or 256 columns");
  if constexpr (kParts == 32 && kSigned) {
    asm volatile(OCTET_PRODUCT("m64n256k32", "s8.s8", OCTET_REGISTERS_128, "%128", "%129", "%130")
                 : OCTET_SUMS_32(0), OCTET_SUMS_32(8), OCTET_SUMS_32(16), OCTET_SUMS_32(24)
                 : "l"(a), "l"(b), "r"(add));
  } else if constexpr (kParts == 32) {
    asm volatile(OCTET_PRODUCT("m64n256k32", "u8.s8", OCTET_REGISTERS_128, "%128", "%129", "%130")
                 : OCTET_SUMS_32(0), OCTET_SUMS_32(8), OCTET_SUMS_32(16), OCTET_SUMS_32(24)
                 : "l"(a), "l"(b), "r"(add));
  } else if constexpr (kSigned) {
    asm volatile(OCTET_PRODUCT("m64n128k32", "s8.s8", OCTET_REGISTERS_64, "%64", "%65", "%66")
                 : OCTET_SUMS_32(0), OCTET_SUMS_32(8)
                 : "l"(a), "l"(b), "r"(add));
  } else {
    asm volatile(OCTET_PRODUCT("m64n128k32", "u8.s8", OCTET_REGISTERS_64, "%64", "%65", "%66")
                 : OCTET_SUMS_32(0), OCTET_SUMS_32(8)
                 : "l"(a), "l"(b), "r"(add));
  }
}

/**
 * The same with a [64][32] of signed codes in registers: word 2 * h + i of rows 16 * warp + lane / 4 + 8 * i, codes 16
 * * h
 * + lane % 4 * 4 and the three after it. b is signed or not. The words are read until the product is done.
 */
template <bool kSigned>
__device__ inline void MultiplyWords(int32_t (&sums)[16][4], const uint32_t (&a)[4], uint64_t b, int add) {
  if constexpr (kSigned) {
    asm volatile(OCTET_PRODUCT("m64n128k32", "s8.s8", OCTET_REGISTERS_64, "{%64, %65, %66, %67}", "%68", "%69")
                 : OCTET_SUMS_32(0), OCTET_SUMS_32(8)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add));
  } else {
    asm volatile(OCTET_PRODUCT("m64n128k32", "s8.u8", OCTET_REGISTERS_64, "{%64, %65, %66, %67}", "%68", "%69")
                 : OCTET_SUMS_32(0), OCTET_SUMS_32(8)
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add));
  }
}

#undef OCTET_REGISTERS_64
#undef OCTET_REGISTERS_128
#undef OCTET_SUMS_4
#undef OCTET_SUMS_32
#undef OCTET_PRODUCT

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_GEMM_HOPPER_INSTRUCTIONS_H_
