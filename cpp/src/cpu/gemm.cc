// SPDX-License-Identifier: Apache-2.0
// Matrix products: activations are made ready some rows at a time in the workspace, then the output is cut into items,
// blocks of rows by groups of panels, which threads take one after the other.
//
// Measured on two cores of a Zen 5 at 4.25 GHz, one thread, 1024 x 1024 x 1024, u8 to f32 with scale and bias, in GOP/s
// beside a loop of the same products on registers alone (bench/gemm_bench.cc):
//
//     AVX2 204 of 238 (86 %)   AVX-512 410 of 472 (87 %)   AVX-VNNI 488 of 538 (91 %)   AVX512-VNNI 950 of 1085 (88 %)
//
// AVX512-VNNI: 2048 x 2048 x 2048 990 (91 %), 1024 x 768 x 768 930, 128 x 1536 x 384 860; two threads 1870 (86 %). With
// activations quantized from f32 945 at 1024^3, by rows 900; s8 in, GELU and s8 out 788. One row by 4096 x 4096 reads
// weights at 100 GB/s (third-level cache), by 8192 x 8192 at 46 GB/s, as fast as this machine's memory gives them to a
// core; half bytes take 0.6 of the time.
//
// On a virtual Xeon (AVX512-VNNI, second-level cache of 2 MB, other load on the host) the limit is 700 to 750 GOP/s.
// Tiles of 4 to 14 rows whose operands are in the first-level cache reach 99 % of it, products of 1024^3 70 to 85 %:
// the rest is the epilogue, about a tenth, and the caches.
//
// u8 codes are read where they lie: with few columns a copy is a good part of the work. With that and epilogues of
// codes in one pass (tile_codes.h) a product of 3136 x 256 x 64 takes 0.59 of the time that it took before, 3136 x 64 x
// 256 0.67. Tried in vain: sums that never leave registers. GCC 12 then moves the registers of the main loop to memory
// and back, and 3 x 3 convolutions take 1.1 to 1.25 of the time; stores and loads use ports that products do not.
//
// Tried in vain: 512, 1024 and 4096 k at a time in place of 2048 (within 3 % of each other for all shapes); 140 rows
// made ready at a time in place of all (within 2 %); rows of floats fetched ahead of being quantized (within 3 %).
// Stores past the caches took 0.88 to 0.96 of the time at 1024^3, where they save reading the output's lines first, and
// nothing below; whoever reads the output next would find it in memory alone, so they are not used. Not needed: a
// second copy of the activations in the order of the tiles, since rows an odd number of cache lines apart do not get in
// each other's way.
#include <algorithm>

#include "cpu/backend.h"
#include "cpu/gemm_product.h"
#include "cpu/parts.h"

namespace octet {
namespace cpu {

size_t GemmWorkspaceSize(int64_t m, int64_t k) { return static_cast<size_t>(ReadyParts::Bytes(m, k)); }

void Gemm(const GemmActivations& a, const PackedGemm& weights, const EpilogueView& epilogue, char* workspace,
          bool alone) {
  if (a.m == 0 || weights.n == 0) return;
  // Once a call: it may be changed meanwhile, and the workspace is laid out for one.
  const GemmKernels& kernels = CurrentGemmKernels();
  const ReadyParts ready(kernels, a, weights.k, weights.bits, weights.zero_points != nullptr, workspace);
  for (int64_t part = 0; part < ready.count(); ++part) {
    const int64_t begin = ready.Start(part);
    const int64_t rows = ready.Start(part + 1) - begin;
    ready.Make(part, alone);
    const GemmProduct product(kernels, a, weights, epilogue, ready.From(0), begin, rows);
    const bool little = rows * weights.k * weights.n < kernels.item_products / 2;
    ForItems(product.items(), alone || little, [&product](int64_t item) { product.RunItem(item); });
  }
}

}  // namespace cpu
}  // namespace octet
