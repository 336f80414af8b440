// SPDX-License-Identifier: Apache-2.0
// Copies of elements as they are, choices among them, and conversions.
#include <cstring>

#include "cpu/integers.h"
#include "cpu/map.h"
#include "cpu/tile_loop.h"

namespace octet {
namespace cpu {
namespace {

template <typename T>
void Choose(const uint8_t* mask, const char* a, const char* b, int64_t count, char* out) {
  for (int64_t i = 0; i < count; ++i) {
    std::memcpy(out + i * static_cast<int64_t>(sizeof(T)), (mask[i] != 0 ? a : b) + i * static_cast<int64_t>(sizeof(T)),
                sizeof(T));
  }
}

bool IsFloat(ElementType type) {
  return type == ElementType::kF32 || type == ElementType::kF16 || type == ElementType::kBF16;
}

int64_t IntegerAt(const char* from, int64_t index, ElementType type) {
  if (type == ElementType::kBool) return from[index] != 0 ? 1 : 0;
  return LoadInteger(from + index * SizeOf(type), type);
}

/** Truncated and limited to the type; NaN is 0. */
int64_t IntegerOf(float value, ElementType type) {
  if (numerics::IsNan(value)) return type == ElementType::kBool ? 1 : 0;
  if (type == ElementType::kBool) return value != 0.0f ? 1 : 0;
  const bool narrow = type == ElementType::kS32;
  // The first float past the greatest integer.
  const float past = narrow ? 2147483648.0f : 9223372036854775808.0f;
  if (value >= past) return narrow ? INT32_MAX : INT64_MAX;
  if (value < -past) return narrow ? INT32_MIN : INT64_MIN;
  return static_cast<int64_t>(value);
}

void StoreInteger(char* to, int64_t index, ElementType type, int64_t value) {
  if (type == ElementType::kS64) {
    std::memcpy(to + index * 8, &value, 8);
  } else if (type == ElementType::kS32) {
    const auto low = static_cast<int32_t>(static_cast<uint32_t>(value));
    std::memcpy(to + index * 4, &low, 4);
  } else {
    to[index] = value != 0 ? 1 : 0;
  }
}

/** The dimensions of a copy that goes through memory in one order and writes it in another. */
struct Transposition {
  int from_inner;
  int to_inner;
};

/** Whether the innermost dimensions of two tensors, which have no gaps there, are different ones. */
bool IsTransposition(const TensorView& x, const TensorView& out, Transposition* result) {
  *result = {-1, -1};
  for (int d = 0; d < out.ndim; ++d) {
    if (out.shape[d] == 1) continue;
    if (x.strides[d] == 1) result->from_inner = d;
    if (out.strides[d] == 1) result->to_inner = d;
  }
  return result->from_inner >= 0 && result->to_inner >= 0 && result->from_inner != result->to_inner;
}

// A block of 16 x 16: a cache line of f32 in each direction.
constexpr int64_t kBlock = 16;

template <typename T>
void CopyBlock(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t rows, int64_t columns) {
  constexpr int64_t kItem = static_cast<int64_t>(sizeof(T));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c)
      std::memcpy(to + r * to_stride + c * kItem, from + r * kItem + c * from_stride, sizeof(T));
  }
}

/** Copies in blocks of the two inner dimensions, so that every cache line of either side is touched in one go. */
template <typename T>
void Transpose(const TensorView& x, const TensorView& out, const Transposition& t) {
  constexpr int64_t kItem = static_cast<int64_t>(sizeof(T));
  const int64_t rows = out.shape[t.from_inner];
  const int64_t columns = out.shape[t.to_inner];
  const int64_t from_stride = x.strides[t.to_inner] * kItem;
  const int64_t to_stride = out.strides[t.from_inner] * kItem;
  const int64_t strips = (rows + kBlock - 1) / kBlock;
  const int64_t planes = out.count / (rows * columns);
  const int64_t per_piece = std::max<int64_t>(1, 32768 / (kBlock * columns));
  ParallelFor((planes * strips + per_piece - 1) / per_piece, [&](int64_t piece) {
    const int64_t end = std::min(planes * strips, (piece + 1) * per_piece);
    for (int64_t strip = piece * per_piece; strip < end; ++strip) {
      const char* from = x.data;
      char* to = out.data;
      int64_t plane = strip / strips;
      for (int d = out.ndim - 1; d >= 0; --d) {
        if (d == t.from_inner || d == t.to_inner) continue;
        from += plane % out.shape[d] * x.strides[d] * kItem;
        to += plane % out.shape[d] * out.strides[d] * kItem;
        plane /= out.shape[d];
      }
      const int64_t row = strip % strips * kBlock;
      for (int64_t column = 0; column < columns; column += kBlock) {
        CopyBlock<T>(from + row * kItem + column * from_stride, from_stride, to + row * to_stride + column * kItem,
                     to_stride, std::min(kBlock, rows - row), std::min(kBlock, columns - column));
      }
    }
  });
}

}  // namespace

void Copy(const TensorView& x, const TensorView& out) {
  if (out.count == 0) return;
  Transposition transposition;
  if (IsTransposition(x, out, &transposition)) {
    switch (out.item_size()) {
      case 8:
        return Transpose<uint64_t>(x, out, transposition);
      case 4:
        return Transpose<uint32_t>(x, out, transposition);
      case 2:
        return Transpose<uint16_t>(x, out, transposition);
      default:
        return Transpose<uint8_t>(x, out, transposition);
    }
  }
  const TileLoop loop({&out, &x});
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer buffer;
    char* to = loop.Direct(0, first, count);
    if (to != nullptr) {
      loop.Gather(1, first, count, to);
    } else {
      loop.Scatter(0, first, count, RawTile(loop, 1, first, count, &buffer));
    }
  });
}

void Where(const TensorView& mask, const TensorView& a, const TensorView& b, const TensorView& out) {
  if (out.count == 0) return;
  const TileLoop loop({&out, &mask, &a, &b});
  const int64_t item = out.item_size();
  const auto choose = item == 8   ? Choose<uint64_t>
                      : item == 4 ? Choose<uint32_t>
                      : item == 2 ? Choose<uint16_t>
                                  : Choose<uint8_t>;
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer mask_buffer, a_buffer, b_buffer, out_buffer;
    const auto* bytes = reinterpret_cast<const uint8_t*>(RawTile(loop, 1, first, count, &mask_buffer));
    const char* yes = RawTile(loop, 2, first, count, &a_buffer);
    const char* no = RawTile(loop, 3, first, count, &b_buffer);
    WriteRawTile(loop, first, count, &out_buffer, [&](char* to) { choose(bytes, yes, no, count, to); });
  });
}

void Cast(const TensorView& x, const TensorView& out) {
  if (out.count == 0) return;
  const ConvertKernels& kernels = CurrentRowKernels().convert;
  const TileLoop loop({&out, &x});
  Operand from, to;
  from.view.type = x.type;
  to.view.type = out.type;
  ForEachTile(loop, [&](int64_t first, int64_t count) {
    TileBuffer x_buffer, out_buffer;
    if (IsFloat(x.type)) {
      const auto* values = static_cast<const char*>(TileValues(loop, kernels, 1, from, first, count, &x_buffer));
      const auto value = [values](int64_t i) {
        float result;
        std::memcpy(&result, values + i * 4, sizeof(result));
        return result;
      };
      if (IsFloat(out.type)) {
        WriteRawTile(loop, first, count, &out_buffer, [&](char* raw) {
          kernels.store[RowTypeIndex(out.type)](values, {1.0f, 0.0f}, {0.0f, 0.0f}, count, raw);
        });
      } else {
        WriteRawTile(loop, first, count, &out_buffer, [&](char* raw) {
          for (int64_t i = 0; i < count; ++i) StoreInteger(raw, i, out.type, IntegerOf(value(i), out.type));
        });
      }
      return;
    }
    const char* integers = RawTile(loop, 1, first, count, &x_buffer);
    if (IsFloat(out.type)) {
      float floats[kTileElements];
      for (int64_t i = 0; i < count; ++i) floats[i] = static_cast<float>(IntegerAt(integers, i, x.type));
      WriteRawTile(loop, first, count, &out_buffer, [&](char* raw) {
        kernels.store[RowTypeIndex(out.type)](floats, {1.0f, 0.0f}, {0.0f, 0.0f}, count, raw);
      });
    } else {
      WriteRawTile(loop, first, count, &out_buffer, [&](char* raw) {
        for (int64_t i = 0; i < count; ++i) StoreInteger(raw, i, out.type, IntegerAt(integers, i, x.type));
      });
    }
  });
}

}  // namespace cpu
}  // namespace octet
