// SPDX-License-Identifier: Apache-2.0
#include "cpu/embedding.h"

#include <algorithm>
#include <cstring>

#include "cpu/compact.h"
#include "cpu/integers.h"
#include "cpu/row_source.h"
#include "cpu/rows.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Elements of a piece of work: reading and writing 128 KB of f32 takes about as long as waking a thread.
constexpr int64_t kPiece = 32768;

struct Job {
  const EmbeddingCall& call;
  const ConvertKernels& kernels;
  int64_t length;
  /** Bytes from row to row of the table. */
  int64_t stride;
  Rows indices;
  Rows out;
};

numerics::Step StepOf(const GridView& grid, int64_t row, int64_t row_count) {
  const int64_t i = grid.axis < 0 ? 0 : row / (row_count / grid.delta.count);
  const float scale = numerics::ScaleOf(LoadCompact(grid.delta, i), grid.eps, grid.log_domain);
  if (!grid.has_zero_float) return {scale, 0.0f};
  return {scale, numerics::ZeroPointOf(LoadCompact(grid.zero_float, i), grid.limits)};
}

/** Codes from an even element on, one a byte. */
void Unpack(const uint8_t* packed, int64_t count, bool is_signed, uint8_t* codes) {
  // Subtracting 8 from an inverted sign bit extends it.
  const int flip = is_signed ? 8 : 0;
  const auto code = [flip](int half) { return static_cast<uint8_t>((half ^ flip) - flip); };
  for (int64_t i = 0; i < count / 2; ++i) {
    codes[2 * i] = code(packed[i] & 15);
    codes[2 * i + 1] = code(packed[i] >> 4);
  }
  if (count % 2 != 0) codes[count - 1] = code(packed[count / 2] & 15);
}

void LookUp(const Job& job, int64_t place) {
  const EmbeddingCall& call = job.call;
  const TensorView& table = *call.rows;
  const int64_t given = LoadInteger(job.indices.At(place), call.indices->type);
  // Below 0 with wrap alone: indices were checked.
  const int64_t index = given < 0 ? given + table.shape[0] : given;
  const OperandRow out = RowOf(*call.out, job.out.At(place));
  OperandRow row = {table.data + index * job.stride, table.type, {1.0f, 0.0f}, {0.0f, 0.0f}};
  if (row.type == out.type && !IsCode(row.type)) {
    std::memcpy(out.data, row.data, static_cast<size_t>(job.length * SizeOf(row.type)));
    return;
  }
  if (call.grid != nullptr) row.step = StepOf(*call.grid, index, table.shape[0]);
  alignas(64) float block[numerics::kBlock];
  alignas(64) uint8_t codes[numerics::kBlock];
  const bool is_signed = call.packed && call.grid->limits.int_min < 0.0f;
  if (is_signed) row.type = ElementType::kS8;
  for (int64_t start = 0; start < job.length; start += numerics::kBlock) {
    const int64_t count = std::min(numerics::kBlock, job.length - start);
    const void* from = row.At(start);
    if (call.packed) {
      Unpack(reinterpret_cast<const uint8_t*>(row.data) + start / 2, count, is_signed, codes);
      from = codes;
    }
    if (row.type == ElementType::kF32) {
      job.kernels.store[RowTypeIndex(out.type)](from, out.step, out.limits, count, out.At(start));
      continue;
    }
    StoreThrough(job.kernels, out, start, count, block,
                 [&](void* to) { job.kernels.load[RowTypeIndex(row.type)](from, row.step, count, to); });
  }
}

}  // namespace

int64_t IndexAt(const TensorView& indices, int64_t place) {
  return LoadInteger(Rows(indices, 0).At(place), indices.type);
}

int64_t FirstOutside(const TensorView& indices, int64_t least, int64_t limit) {
  const Rows rows(indices, 0);
  for (int64_t place = 0; place < indices.count; ++place) {
    const int64_t index = LoadInteger(rows.At(place), indices.type);
    if (index < least || index >= limit) return place;
  }
  return -1;
}

void Embedding(const EmbeddingCall& call) {
  const TensorView& out = call.out->view;
  if (out.count == 0) return;
  const int64_t length = out.shape[out.ndim - 1];
  const Job job = {call,
                   CurrentRowKernels().convert,
                   length,
                   call.rows->strides[0] * call.rows->item_size(),
                   Rows(*call.indices, 0),
                   Rows(out, 1)};
  const int64_t places = call.indices->count;
  const int64_t per_piece = std::max<int64_t>(1, kPiece / length);
  ParallelFor((places + per_piece - 1) / per_piece, [&](int64_t piece) {
    const int64_t end = std::min(places, (piece + 1) * per_piece);
    for (int64_t place = piece * per_piece; place < end; ++place) LookUp(job, place);
  });
}

int64_t PackEmbedding(const TensorView& codes, const TensorView& packed) {
  const bool is_signed = codes.type == ElementType::kS8;
  for (int64_t row = 0; row < codes.shape[0]; ++row) {
    const char* from = codes.data + row * codes.strides[0];
    char* to = packed.data + row * packed.strides[0];
    for (int64_t i = 0; i < codes.shape[1]; ++i) {
      const auto byte = static_cast<uint8_t>(from[i * codes.strides[1]]);
      const int code = is_signed ? static_cast<int8_t>(byte) : byte;
      if (is_signed ? code < -8 || code > 7 : code > 15) return row * codes.shape[1] + i;
      if (i % 2 == 0) {
        to[i / 2] = static_cast<char>(code & 15);
      } else {
        to[i / 2] = static_cast<char>(to[i / 2] | (code & 15) << 4);
      }
    }
  }
  return -1;
}

}  // namespace cpu
}  // namespace octet
