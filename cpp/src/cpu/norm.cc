// SPDX-License-Identifier: Apache-2.0
#include "cpu/norm.h"

#include <algorithm>

#include "cpu/row_source.h"
#include "cpu/rows.h"
#include "cpu/thread_pool.h"
#include "numerics/norm.h"

namespace octet {
namespace cpu {
namespace {

// Elements of a piece of work: reading and writing 128 KB of f32 takes about as long as waking a thread.
constexpr int64_t kPiece = 32768;

struct Job {
  const NormCall& call;
  const RowKernels& kernels;
  int64_t length;
  Rows x;
  Rows residual;
  Rows sum;
  Rows out;
};

OperandRow RowAt(const Operand* operand, const Rows& rows, int64_t row) {
  return operand == nullptr ? OperandRow() : RowOf(*operand, rows.At(row));
}

/** Stores x + residual, in blocks, as the row to be normalised. */
void StoreSum(const Job& job, const OperandRow& x, const OperandRow& residual, const OperandRow& sum,
              RowBuffer* buffer) {
  const ConvertKernels& convert = job.kernels.convert;
  RowSource(convert, x, residual, job.length, buffer)
      .ForEachBlock([&](const void* values, int64_t start, int64_t count) {
        convert.store[RowTypeIndex(sum.type)](values, sum.step, sum.limits, count, sum.At(start));
      });
}

NormRow Statistics(const Job& job, const RowSource& source) {
  const NormKernels& norm = job.kernels.norm;
  float mean = 0.0f;
  if (job.call.subtract_mean) {
    numerics::BlockTotal sum = numerics::StartTotal(job.length);
    source.ForEachBlock(
        [&](const void* values, int64_t, int64_t count) { numerics::AddBlock(norm.sum(values, count), &sum); });
    mean = numerics::MeanOf(numerics::TotalOf(sum), job.length);
  }
  numerics::BlockTotal squares = numerics::StartTotal(job.length);
  source.ForEachBlock([&](const void* values, int64_t, int64_t count) {
    numerics::AddBlock(norm.squares(values, mean, count), &squares);
  });
  return {mean, numerics::InverseDeviation(numerics::TotalOf(squares), job.length, job.call.eps), nullptr, nullptr};
}

const void* Plus(const void* floats, int64_t elements) {
  return floats == nullptr ? nullptr : static_cast<const char*>(floats) + elements * 4;
}

void NormalizeRow(const Job& job, int64_t row, RowBuffer* buffer) {
  const NormCall& call = job.call;
  const ConvertKernels& convert = job.kernels.convert;
  OperandRow x = RowAt(call.x, job.x, row);
  OperandRow residual = RowAt(call.residual, job.residual, row);
  if (call.sum != nullptr) {
    const OperandRow sum = RowAt(call.sum, job.sum, row);
    StoreSum(job, x, residual, sum, buffer);
    x = sum;
    residual = OperandRow();
  }
  const RowSource source(convert, x, residual, job.length, buffer);
  const NormRow statistics = Statistics(job, source);
  const OperandRow out = RowAt(call.out, job.out, row);
  alignas(64) float block[numerics::kBlock];
  source.ForEachBlock([&](const void* values, int64_t start, int64_t count) {
    NormRow part = statistics;
    part.weight = Plus(call.weight, start);
    part.bias = Plus(call.bias, start);
    StoreThrough(convert, out, start, count, block,
                 [&](void* to) { job.kernels.norm.normalize(values, part, count, to); });
  });
}

Rows RowsOf(const Operand* operand, int row_dims) {
  return operand == nullptr ? Rows() : Rows(operand->view, row_dims);
}

}  // namespace

void Norm(const NormCall& call) {
  const TensorView& x = call.x->view;
  if (x.count == 0) return;
  int64_t length = 1;
  for (int d = x.ndim - call.row_dims; d < x.ndim; ++d) length *= x.shape[d];
  const Job job = {call,
                   CurrentRowKernels(),
                   length,
                   RowsOf(call.x, call.row_dims),
                   RowsOf(call.residual, call.row_dims),
                   RowsOf(call.sum, call.row_dims),
                   RowsOf(call.out, call.row_dims)};
  const int64_t rows = x.count / length;
  const int64_t per_piece = std::max<int64_t>(1, kPiece / length);
  ParallelFor((rows + per_piece - 1) / per_piece, [&](int64_t piece) {
    RowBuffer buffer;
    const int64_t end = std::min(rows, (piece + 1) * per_piece);
    for (int64_t row = piece * per_piece; row < end; ++row) NormalizeRow(job, row, &buffer);
  });
}

}  // namespace cpu
}  // namespace octet
