// SPDX-License-Identifier: Apache-2.0
// Functions of values.
#include "cpu/map.h"

#include "cpu/integers.h"
#include "cpu/multiply_channels.h"
#include "cpu/tile_loop.h"

namespace octet {
namespace cpu {
namespace {

constexpr int64_t kCodes = 256;

template <typename T>
bool Holds(Comparison comparison, T a, T b) {
  switch (comparison) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    case Comparison::kGreaterEqual:
      return a >= b;
  }
  return false;
}

}  // namespace

void MapBinary(Binary function, const Operand& a, const Operand& b, numerics::Unary activation, const Operand& out) {
  if (out.view.count == 0) return;
  const RowKernels& kernels = CurrentRowKernels();
  const TileLoop loop({&out.view, &a.view, &b.view});
  if (function == Binary::kMul && activation == numerics::Unary::kIdentity && MultiplyChannels(loop, a, b, out)) return;
  const auto apply = kernels.map.binary[static_cast<int>(function)];
  const auto activate = kernels.map.unary[static_cast<int>(activation)];
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer a_buffer, b_buffer, out_buffer;
    const void* left = TileValues(loop, kernels.convert, 1, a, first, count, &a_buffer);
    const void* right = TileValues(loop, kernels.convert, 2, b, first, count, &b_buffer);
    WriteTile(loop, kernels.convert, out, first, count, &out_buffer, [&](void* to) {
      apply(left, right, count, to);
      if (activation != numerics::Unary::kIdentity) activate(to, {0.0f, 0.0f}, count, to);
    });
  });
}

void UnaryTable(const UnaryCall& call, const Operand& x, const Operand& out, uint8_t* table) {
  const RowKernels& kernels = CurrentRowKernels();
  uint8_t codes[kCodes];
  float values[kCodes];
  for (int i = 0; i < kCodes; ++i) codes[i] = static_cast<uint8_t>(i);
  kernels.convert.load[RowTypeIndex(x.view.type)](codes, x.step, kCodes, values);
  kernels.map.unary[static_cast<int>(call.function)](values, call.parameters, kCodes, values);
  kernels.convert.store[RowTypeIndex(out.view.type)](values, out.step, out.limits, kCodes, table);
}

void LookUp(const uint8_t* table, const TensorView& x, const TensorView& out) {
  if (out.count == 0) return;
  const TileLoop loop({&out, &x});
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer x_buffer, out_buffer;
    const auto* codes = reinterpret_cast<const uint8_t*>(RawTile(loop, 1, first, count, &x_buffer));
    WriteRawTile(loop, first, count, &out_buffer, [&](char* to) {
      for (int64_t i = 0; i < count; ++i) to[i] = static_cast<char>(table[codes[i]]);
    });
  });
}

void MapUnary(const UnaryCall& call, const Operand& x, const Operand& out) {
  if (out.view.count == 0) return;
  // Requantizing by arithmetic is as fast as by table.
  const bool by_table = IsCode(x.view.type) && IsCode(out.view.type) && out.view.count > kCodes &&
                        call.function != numerics::Unary::kIdentity;
  if (by_table) {
    uint8_t table[kCodes];
    UnaryTable(call, x, out, table);
    LookUp(table, x.view, out.view);
    return;
  }
  const RowKernels& kernels = CurrentRowKernels();
  const TileLoop loop({&out.view, &x.view});
  const auto apply = kernels.map.unary[static_cast<int>(call.function)];
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer x_buffer, out_buffer;
    const void* values = TileValues(loop, kernels.convert, 1, x, first, count, &x_buffer);
    WriteTile(loop, kernels.convert, out, first, count, &out_buffer,
              [&](void* to) { apply(values, call.parameters, count, to); });
  });
}

void Compare(Comparison comparison, const Operand& a, const Operand& b, const TensorView& out) {
  if (out.count == 0) return;
  const RowKernels& kernels = CurrentRowKernels();
  const TileLoop loop({&out, &a.view, &b.view});
  const auto compare = kernels.map.compare[static_cast<int>(comparison)];
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer a_buffer, b_buffer, out_buffer;
    const void* left = TileValues(loop, kernels.convert, 1, a, first, count, &a_buffer);
    const void* right = TileValues(loop, kernels.convert, 2, b, first, count, &b_buffer);
    WriteRawTile(loop, first, count, &out_buffer, [&](char* to) { compare(left, right, count, to); });
  });
}

void CompareIntegers(Comparison comparison, const TensorView& a, const TensorView& b, const TensorView& out) {
  if (out.count == 0) return;
  const TileLoop loop({&out, &a, &b});
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer a_buffer, b_buffer, out_buffer;
    const char* left = RawTile(loop, 1, first, count, &a_buffer);
    const char* right = RawTile(loop, 2, first, count, &b_buffer);
    WriteRawTile(loop, first, count, &out_buffer, [&](char* to) {
      for (int64_t i = 0; i < count; ++i) {
        to[i] = Holds(comparison, LoadInteger(left + i * a.item_size(), a.type),
                      LoadInteger(right + i * b.item_size(), b.type))
                    ? 1
                    : 0;
      }
    });
  });
}

}  // namespace cpu
}  // namespace octet
