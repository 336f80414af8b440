// SPDX-License-Identifier: Apache-2.0
#include "cpu/softmax.h"

#include <algorithm>
#include <cstring>

#include "cpu/integers.h"
#include "cpu/row_source.h"
#include "cpu/rows.h"
#include "cpu/thread_pool.h"
#include "numerics/softmax.h"

namespace octet {
namespace cpu {
namespace {

// Elements of a piece of work: as many exponentials take about as long as waking a thread.
constexpr int64_t kPiece = 16384;

struct Job {
  const SoftmaxCall& call;
  const RowKernels& kernels;
  int64_t length;
  /** Rows of one index of the first dimension, and of one index of all but the last two. */
  int64_t rows_per_batch;
  int64_t rows_per_matrix;
  Rows x;
  Rows out;
  Rows bias;
  Rows mask;
};

/** How many elements of a row, the first ones, take part. */
int64_t VisibleOf(const Job& job, int64_t row) {
  const SoftmaxCall& call = job.call;
  int64_t visible = job.length;
  if (call.lengths != nullptr) {
    const TensorView& lengths = *call.lengths;
    const char* at = lengths.data + row / job.rows_per_batch * lengths.strides[0] * lengths.item_size();
    visible = std::min(visible, LoadInteger(at, lengths.type));
  }
  if (call.causal) {
    // The offset may be any number: compared before it is added to.
    const int64_t place = row % job.rows_per_matrix;
    if (call.causal_offset < job.length) visible = std::min(visible, place + 1 + call.causal_offset);
  }
  return std::max<int64_t>(visible, 0);
}

void StoreZeros(const OperandRow& out, int64_t start, int64_t count) {
  int byte = 0;
  if (IsCode(out.type)) byte = static_cast<int>(numerics::Code(0.0f, out.step, out.limits)) & 0xff;
  std::memset(out.At(start), byte, static_cast<size_t>(count * SizeOf(out.type)));
}

/** One row of a softmax; `values` are what is left of it, block after block or all at once. */
class SoftmaxRow {
 public:
  SoftmaxRow(const Job& job, int64_t row, RowBuffer* loaded, RowBuffer* values)
      : job_(job),
        kernels_(job.kernels.softmax),
        visible_(VisibleOf(job, row)),
        source_(job.kernels.convert, RowOf(*job.call.x, job.x.At(row)), OperandRow(), visible_, loaded),
        out_(RowOf(*job.call.out, job.out.At(row))),
        bias_(job.bias.given() ? job.bias.At(row) : nullptr),
        mask_(job.mask.given() ? reinterpret_cast<const uint8_t*>(job.mask.At(row)) : nullptr),
        values_(values->values),
        kept_(visible_ <= kKeptValues) {}

  void Run() {
    GreatestTerm greatest = {-numerics::Infinity(), false};
    ForEachBlock([&](const void* values, int64_t start, int64_t count) { MakeTerms(values, start, count, &greatest); });
    if (greatest.value == -numerics::Infinity() && !greatest.nan) {
      StoreZeros(out_, 0, job_.length);
      return;
    }
    numerics::BlockTotal sum = numerics::StartTotal(job_.length);
    ForEachBlock([&](const void* values, int64_t start, int64_t count) {
      if (!kept_) MakeTerms(values, start, count, &greatest);
      numerics::AddBlock(kernels_.exponentials(At(start), greatest.value, count), &sum);
    });
    const float factor = numerics::InverseOfSum(numerics::TotalOf(sum));
    alignas(64) float block[numerics::kBlock];
    ForEachBlock([&](const void* values, int64_t start, int64_t count) {
      if (!kept_) {
        MakeTerms(values, start, count, &greatest);
        kernels_.exponentials(At(start), greatest.value, count);
      }
      StoreThrough(job_.kernels.convert, out_, start, count, block,
                   [&](void* to) { kernels_.multiply(At(start), factor, count, to); });
    });
    StoreZeros(out_, visible_, job_.length - visible_);
  }

 private:
  template <typename Body>
  void ForEachBlock(const Body& body) const {
    source_.ForEachBlock(body);
  }

  float* At(int64_t start) const { return kept_ ? values_ + start : values_; }

  void MakeTerms(const void* values, int64_t start, int64_t count, GreatestTerm* greatest) const {
    const void* bias = bias_ == nullptr ? nullptr : bias_ + start * 4;
    const uint8_t* mask = mask_ == nullptr ? nullptr : mask_ + start;
    kernels_.terms(values, {job_.call.scale, bias, mask}, count, At(start), greatest);
  }

  const Job& job_;
  const SoftmaxKernels& kernels_;
  const int64_t visible_;
  const RowSource source_;
  const OperandRow out_;
  const char* const bias_;
  const uint8_t* const mask_;
  float* const values_;
  /** Short rows keep their terms, then their exponentials; longer ones make them anew at every pass. */
  const bool kept_;
};

}  // namespace

void Softmax(const SoftmaxCall& call) {
  const TensorView& x = call.x->view;
  if (x.count == 0) return;
  const int64_t length = x.shape[x.ndim - 1];
  const int64_t rows = x.count / length;
  const Job job = {call,
                   CurrentRowKernels(),
                   length,
                   rows / (x.ndim > 1 ? x.shape[0] : 1),
                   x.ndim > 1 ? x.shape[x.ndim - 2] : 1,
                   Rows(x, 1),
                   Rows(call.out->view, 1),
                   call.bias != nullptr ? Rows(*call.bias, 1) : Rows(),
                   call.mask != nullptr ? Rows(*call.mask, 1) : Rows()};
  const int64_t per_piece = std::max<int64_t>(1, kPiece / length);
  ParallelFor((rows + per_piece - 1) / per_piece, [&](int64_t piece) {
    RowBuffer loaded;
    RowBuffer values;
    const int64_t end = std::min(rows, (piece + 1) * per_piece);
    for (int64_t row = piece * per_piece; row < end; ++row) SoftmaxRow(job, row, &loaded, &values).Run();
  });
}

}  // namespace cpu
}  // namespace octet
