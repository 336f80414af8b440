// SPDX-License-Identifier: Apache-2.0
// Products of s8 activations, or of f16 ones that are quantized row by row, by weights of 8 and 4 bits, with a scale
// for each column and a bias; to codes and to floats; and with K in as many parts as the heuristics say beside one.
#include "families.h"
#include "weights.h"

namespace octet {
namespace bench {
namespace {

struct Shape {
  int64_t m, n, k;
};

// From a token to large batches, layers of MiniLM and BERT-base, and the shapes that public figures are of.
constexpr Shape kShapes[] = {{1, 4096, 4096},    {8, 4096, 4096},    {16, 4096, 4096},    {17, 4096, 4096},
                             {32, 4096, 4096},   {64, 4096, 4096},   {128, 4096, 4096},   {512, 4096, 4096},
                             {1024, 8192, 8192}, {4096, 4096, 4096}, {1024, 8192, 21760}, {8192, 8192, 8192},
                             {4096, 384, 1536},  {12288, 768, 768},  {12288, 3072, 768}};
constexpr Shape kSmallShapes[] = {{1, 64, 128}, {16, 64, 128}, {32, 64, 128}, {70, 96, 192}};
constexpr Shape kFewShapes[] = {{1, 4096, 4096},   {16, 4096, 4096},   {64, 4096, 4096},
                                {512, 4096, 4096}, {4096, 4096, 4096}, {12288, 3072, 768}};
constexpr Shape kSmallFewShapes[] = {{1, 64, 128}, {70, 96, 192}};
// Few tiles with long K.
constexpr Shape kLongShapes[] = {{8, 1024, 16384},  {16, 1024, 16384}, {64, 1024, 16384},
                                 {64, 4096, 14336}, {128, 512, 16384}, {256, 768, 3072}};
constexpr Shape kSmallLongShapes[] = {{16, 64, 1024}, {40, 64, 1024}};

struct Kind {
  DLDataType a;
  /** Of weights. */
  int bits;
  DLDataType out;
};

constexpr Kind kBytes = {kS8, 8, kS8};
constexpr Kind kCodes[] = {{kS8, 4, kS8}, {kS8, 8, kF16}, {kS8, 8, kF32}, {kS8, 4, kF16}};
constexpr Kind kDynamic[] = {{kF16, 8, kF16}, {kF16, 4, kF16}};

/** The product of cuBLASLt's that is nearest: of a row with floats on both sides the one it takes the place of. */
LtTypes PeerOf(const Kind& kind) {
  if (kind.a.bits == 16) return LtTypes::kF16;
  return kind.out.bits == 8 ? LtTypes::kS8ToS8 : LtTypes::kS8ToS32;
}

void Multiply(Bench* bench, const Kind& kind, const Shape& shape, int32_t parts) {
  const auto [m, n, k] = shape;
  const ForcedParts forced(bench->options(), parts);
  const GemmWeights weights(n, k, kind.bits);
  const Tensor a(kind.a, {m, k});
  const Tensor out(kind.out, {m, n});
  const Tensor bias(kF32, {n});
  const Grid grid(kS8);
  octet_epilogue epilogue = {};
  epilogue.bias = bias.dl();
  epilogue.out_grid = grid.For(kind.out);
  size_t bytes = 0;
  BENCH_CHECK(octet_gemm_workspace_size(a.dl(), weights.handle(), weights.handle_bytes(), &bytes));
  const Memory workspace(bytes);
  const auto size = [](int64_t value) { return static_cast<double>(value); };
  const Work work = {a.bytes() + size(n) * size(k) * kind.bits / 8.0 + out.bytes(), 2.0 * size(m) * size(n) * size(k)};
  if (kind.a.bits == 16) {
    bench->Measure(work, [&] {
      BENCH_CHECK(octet_gemm_dynamic(a.dl(), 8, 1e-8f, weights.handle(), weights.handle_bytes(), &epilogue, out.dl(),
                                     workspace.data(), bytes, nullptr));
    });
  } else {
    bench->Measure(work, [&] {
      BENCH_CHECK(octet_gemm(a.dl(), grid.get(), weights.handle(), weights.handle_bytes(), &epilogue, out.dl(),
                             workspace.data(), bytes, nullptr));
    });
  }
  bench->CompareWithLt({PeerOf(kind), m, n, k});
}

/** parts: 0 in all rows but those that force them. */
void Row(Bench* bench, const Kind& kind, const Shape& shape, int32_t parts) {
  const std::string types = NameOf(kind.a) + "xs" + std::to_string(kind.bits) + '-' + NameOf(kind.out) + '/';
  const std::string forced = parts == 0 ? "" : "/parts_" + std::to_string(parts);
  bench->Row(kind.a.bits == 16 ? "gemm_dynamic" : "gemm", types + ShapeText({shape.m, shape.n, shape.k}) + forced,
             [&] { Multiply(bench, kind, shape, parts); });
}

}  // namespace

void GemmRows(Bench* bench) {
  for (const Shape& shape : bench->Choose(kShapes, kSmallShapes)) Row(bench, kBytes, shape, 0);
  for (const Shape& shape : bench->Choose(kLongShapes, kSmallLongShapes)) {
    for (const int32_t parts : {0, 1}) Row(bench, kBytes, shape, parts);
  }
  for (const Kind& kind : kCodes) {
    for (const Shape& shape : bench->Choose(kFewShapes, kSmallFewShapes)) Row(bench, kind, shape, 0);
  }
  for (const Kind& kind : kDynamic) {
    for (const Shape& shape : bench->Choose(kFewShapes, kSmallFewShapes)) Row(bench, kind, shape, 0);
  }
}

}  // namespace bench
}  // namespace octet
