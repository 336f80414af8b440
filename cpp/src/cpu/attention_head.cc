// SPDX-License-Identifier: Apache-2.0
#include "cpu/attention_head.h"

#include <algorithm>
#include <cstring>

#include "cpu/epilogue.h"
#include "cpu/gemm_activations.h"
#include "cpu/integers.h"
#include "cpu/vector_lanes.h"

namespace octet {
namespace cpu {
namespace {

// Bytes of terms that stay in a second-level cache of 512 KB beside codes and a panel.
constexpr int64_t kTermBytes = int64_t{256} << 10;
constexpr int64_t kLeastTileRows = 4;
/** Rows of floats that are quantized before they become part of a panel. */
constexpr int64_t kRowsAtOnce = kPanelColumns;

int64_t Lines(int64_t bytes) { return RoundUp(bytes, kPackAlignment); }

/** Terms of a row: an odd number of cache lines, for the reason that ReadyStride has. */
int64_t TermStride(int64_t keys) { return ReadyStride(keys, sizeof(float)) / static_cast<int64_t>(sizeof(float)); }

/** Of codes of probabilities before they are widened. */
int64_t NarrowStride(int64_t keys) { return RoundUp(keys, kWidth); }

int64_t MostRows(int64_t keys) {
  const int64_t fitting = kTermBytes / (TermStride(keys) * static_cast<int64_t>(sizeof(float)));
  return std::max(kLeastTileRows, std::min<int64_t>(kMaxTileRows, fitting));
}

/** Takes arrays from memory one after the other; from null, to learn how much that would be. */
class Carver {
 public:
  explicit Carver(char* memory) : memory_(memory) {}

  template <typename T>
  T* Take(int64_t count) {
    char* taken = memory_ == nullptr ? nullptr : memory_ + bytes_;
    bytes_ += Lines(count * static_cast<int64_t>(sizeof(T)));
    return reinterpret_cast<T*>(taken);
  }

  int64_t bytes() const { return bytes_; }

 private:
  char* memory_;
  int64_t bytes_ = 0;
};

ReadyHead CarveHead(const AttentionShape& shape, Carver* carver) {
  const int64_t columns = RoundUp(shape.keys, kHalfPanel);
  const int64_t v_columns = RoundUp(shape.v_dim, kHalfPanel);
  ReadyHead head;
  head.k_panels = carver->Take<int8_t>(columns * RoundUp(shape.dim, kGroup));
  head.k_offsets = carver->Take<int32_t>(columns);
  head.k_scales = carver->Take<float>(columns);
  head.v_panels = carver->Take<int8_t>(v_columns * RoundUp(shape.keys, kGroup));
  head.v_sums = carver->Take<int32_t>(v_columns);
  head.v_zeros = carver->Take<int32_t>(v_columns);
  head.v_scales = carver->Take<float>(v_columns);
  return head;
}

QueryBuffers CarveBuffers(const AttentionShape& shape, Carver* carver) {
  const int64_t rows = MostRows(shape.keys);
  QueryBuffers buffers;
  // For the instruction set that needs most: it may be changed between the question for the size and the call.
  buffers.q_codes = carver->Take<char>(rows * ReadyStride(shape.dim, 2));
  buffers.terms = carver->Take<float>(rows * TermStride(shape.keys));
  buffers.p_codes = carver->Take<char>(rows * ReadyStride(shape.keys, 2));
  buffers.narrow_codes = carver->Take<uint8_t>(rows * NarrowStride(shape.keys));
  buffers.rows = carver->Take<uint8_t>(kRowsAtOnce * Lines(std::max(shape.dim, shape.v_dim)));
  return buffers;
}

/** A head of an input as activations of a matrix product. */
GemmActivations HeadOf(const AttentionInput& input, int64_t batch, int64_t head) {
  const TensorView& view = input.view;
  const int64_t size = view.item_size();
  GemmActivations a;
  a.rows = {view.data + (batch * view.strides[0] + head * view.strides[1]) * size, view.type, view.strides[2] * size};
  a.m = view.shape[2];
  a.step = input.step;
  a.limits = input.limits;
  a.dynamic = input.dynamic;
  a.eps = input.eps;
  return a;
}

/** The zero point of what a panel holds: 128 less than codes that are ready to be a left operand. */
int32_t PanelZeroPoint(const GemmActivations& a) { return ReadyZeroPoint(a) - 128; }

/** The source of a panel for rows first..first+count-1 of a, quantized into `rows` where they are floats. */
PanelBytes BytesOf(const AttentionJob& job, const GemmActivations& a, int64_t k, int64_t first, int64_t count,
                   uint8_t* rows, float* scales) {
  PanelBytes bytes;
  if (IsCode(a.rows.type)) {
    bytes.from = a.rows.data + first * a.rows.stride;
    bytes.stride = a.rows.stride;
    bytes.flip = a.rows.type == ElementType::kU8 ? 0x80 : 0;
    return bytes;
  }
  bytes.from = reinterpret_cast<char*>(rows);
  bytes.stride = Lines(k);
  bytes.flip = 0x80;
  for (int64_t r = 0; r < count; ++r) {
    const numerics::Step step = CodesOfRow(job.gemm, a, k, first + r, rows + r * bytes.stride);
    if (scales != nullptr) scales[r] = step.scale;
  }
  return bytes;
}

/** How many keys, the first ones, a query sees. */
int64_t VisibleTo(const AttentionJob& job, const ReadyHead& head, int64_t query) {
  int64_t visible = head.keys;
  // The offset may be any number: compared before it is added to.
  if (job.call.causal && job.call.causal_offset < visible) {
    visible = std::min(visible, query + 1 + job.call.causal_offset);
  }
  return std::max<int64_t>(visible, 0);
}

/** Some queries of a head on their way. */
class Queries {
 public:
  Queries(const AttentionJob& job, int64_t batch, int64_t q_head, const ReadyHead& head, int64_t first, int rows,
          const QueryBuffers& buffers)
      : job_(job),
        head_(head),
        buffers_(buffers),
        batch_(batch),
        q_head_(q_head),
        first_(first),
        rows_(rows),
        p_stride_(ReadyStride(job.shape.keys, job.gemm.wide_activations ? 2 : 1)) {
    for (int r = 0; r < rows; ++r) {
      visible_[r] = VisibleTo(job, head, first + r);
      keys_ = std::max(keys_, visible_[r]);
    }
    // A zero point counts for all of the keys whose values were summed up.
    if (job.p_step.zero_point != 0.0f) keys_ = head.keys;
  }

  void Run() {
    Scores();
    Exponentials();
    StoreCodes();
    Values();
  }

 private:
  GemmTile TileOf(const char* a, int64_t a_stride, int64_t k, const int8_t* panels, int64_t columns, int64_t column,
                  int32_t* sums) const {
    GemmTile tile;
    tile.a = a;
    tile.a_stride = a_stride;
    tile.rows = rows_;
    tile.groups = RoundUp(k, kGroup) / kGroup;
    tile.columns = static_cast<int>(std::min(kPanelColumns, RoundUp(columns, kHalfPanel) - column));
    tile.b = panels;
    tile.sums = sums;
    return tile;
  }

  void Scores() {
    const int64_t dim = job_.shape.dim;
    const GemmActivations q = HeadOf(job_.call.q, batch_, q_head_);
    const int32_t k_zero = PanelZeroPoint(HeadOf(job_.call.k, 0, 0));
    alignas(64) int32_t sums[kMaxTileRows * kPanelColumns];
    int32_t offsets[kMaxTileRows] = {};
    float scales[kMaxTileRows];
    ReadyRows ready;
    ready.sums = offsets;
    ready.scales = scales;
    // u8 codes are read where they lie.
    const bool as_they_are = !job_.gemm.wide_activations && q.rows.type == ElementType::kU8 && dim % kGroup == 0;
    ready.codes = as_they_are ? q.rows.data + first_ * q.rows.stride : buffers_.q_codes;
    ready.stride = as_they_are ? q.rows.stride : ReadyStride(dim, job_.gemm.wide_activations ? 2 : 1);
    const char* bias[kMaxTileRows];
    const char* mask[kMaxTileRows];
    const int64_t score_row = (batch_ * job_.shape.heads + q_head_) * job_.shape.queries + first_;
    for (int r = 0; r < rows_; ++r) {
      if (!as_they_are) {
        ReadyRow(job_.gemm, q, dim, first_ + r, ready, r, k_zero != 0);
      } else if (k_zero != 0) {
        offsets[r] = job_.gemm.sum(reinterpret_cast<const uint8_t*>(ready.codes + r * ready.stride), dim);
      }
      offsets[r] = static_cast<int32_t>(static_cast<uint32_t>(offsets[r]) * static_cast<uint32_t>(k_zero));
      if (job_.bias.given()) bias[r] = job_.bias.At(score_row + r);
      if (job_.mask.given()) mask[r] = job_.mask.At(score_row + r);
    }
    ScoreStep step;
    step.sums = sums;
    step.rows = rows_;
    step.row_offsets = offsets;
    step.row_scales = q.dynamic ? scales : &q.step.scale;
    step.row_scale_step = q.dynamic ? 1 : 0;
    step.scale = job_.call.scale;
    step.bias = job_.bias.given() ? bias : nullptr;
    step.mask = job_.mask.given() ? mask : nullptr;
    step.visible = visible_;
    step.terms = buffers_.terms;
    step.stride = TermStride(job_.shape.keys);
    step.greatest = greatest_;
    if (keys_ == 0) std::fill(greatest_, greatest_ + rows_ * kWidth, -numerics::Infinity());
    for (int64_t key = 0; key < keys_; key += kPanelColumns) {
      const GemmTile tile =
          TileOf(ready.codes, ready.stride, dim, head_.k_panels + key * RoundUp(dim, kGroup), head_.keys, key, sums);
      job_.gemm.tile(tile);
      step.first = key;
      step.columns = tile.columns;
      step.column_offsets = head_.k_offsets + key;
      step.column_scales = head_.k_scales + key;
      job_.product.scores(step);
    }
  }

  void Exponentials() {
    ExponentialStep step;
    step.terms = buffers_.terms;
    step.stride = TermStride(job_.shape.keys);
    step.rows = rows_;
    step.greatest = greatest_;
    step.visible = visible_;
    step.keys = job_.shape.keys;
    step.factors = factors_;
    job_.product.exponentials(step);
    for (int r = 0; r < rows_; ++r) {
      p_scales_[r] = numerics::IsNan(factors_[r]) ? factors_[r] : job_.p_step.scale;
    }
  }

  void StoreCodes() {
    const bool wide = job_.gemm.wide_activations;
    ProbabilityStep step;
    step.exponentials = buffers_.terms;
    step.stride = TermStride(job_.shape.keys);
    step.rows = rows_;
    step.factors = factors_;
    step.visible = visible_;
    step.step = job_.p_step;
    step.limits = job_.p_limits;
    step.keys = keys_;
    step.code_of_zero = static_cast<uint8_t>(job_.p_code_of_zero);
    step.codes = wide ? buffers_.narrow_codes : reinterpret_cast<uint8_t*>(buffers_.p_codes);
    step.codes_stride = wide ? NarrowStride(job_.shape.keys) : p_stride_;
    job_.product.probabilities(step);
    const int64_t size = wide ? 2 : 1;
    const int64_t padding = RoundUp(keys_, kGroup) - keys_;
    for (int r = 0; r < rows_; ++r) {
      const uint8_t* const codes = step.codes + r * step.codes_stride;
      char* const row = buffers_.p_codes + r * p_stride_;
      if (head_.v_zeros[0] != 0) p_sums_[r] = job_.gemm.sum(codes, keys_);
      if (wide) job_.gemm.widen(codes, reinterpret_cast<int16_t*>(row), keys_);
      // What the zeros of the panel are multiplied with.
      if (padding > 0) std::memset(row + keys_ * size, 0, static_cast<size_t>(padding * size));
    }
  }

  void Values() const {
    const int64_t v_dim = job_.shape.v_dim;
    const TensorView& view = job_.call.out.view;
    const int64_t size = view.item_size();
    EpilogueView out;
    out.out = {view.data + (batch_ * view.strides[0] + q_head_ * view.strides[1]) * size, view.type,
               view.strides[2] * size};
    out.out_step = job_.call.out.step;
    out.out_limits = job_.call.out.limits;
    alignas(64) int32_t sums[kMaxTileRows * kPanelColumns];
    ScaleStep step;
    step.sums = sums;
    step.rows = rows_;
    step.a_zero = static_cast<int32_t>(job_.p_step.zero_point);
    step.a_sum = p_sums_;
    step.a_scale = p_scales_;
    step.a_scale_step = 1;
    const bool zero_points = head_.v_zeros[0] != 0;
    for (int64_t column = 0; column < v_dim; column += kPanelColumns) {
      job_.gemm.tile(TileOf(buffers_.p_codes, p_stride_, keys_, head_.v_panels + column * RoundUp(head_.keys, kGroup),
                            v_dim, column, sums));
      step.columns = static_cast<int>(std::min(kPanelColumns, v_dim - column));
      step.w_sum = head_.v_sums + column;
      step.w_zero = zero_points ? head_.v_zeros + column : nullptr;
      step.w_scale = head_.v_scales + column;
      FinishTile(job_.epilogue, out, step, first_, column);
    }
  }

  const AttentionJob& job_;
  const ReadyHead& head_;
  const QueryBuffers& buffers_;
  const int64_t batch_;
  const int64_t q_head_;
  const int64_t first_;
  const int rows_;
  /** Bytes between rows of codes of probabilities. */
  const int64_t p_stride_;
  /** Keys that any of the queries sees. */
  int64_t keys_ = 0;
  int64_t visible_[kMaxTileRows];
  alignas(64) float greatest_[kMaxTileRows * kWidth];
  float factors_[kMaxTileRows];
  int32_t p_sums_[kMaxTileRows];
  float p_scales_[kMaxTileRows];
};

}  // namespace

AttentionJob::AttentionJob(const AttentionCall& attention)
    : call(attention),
      shape(attention),
      gemm(CurrentGemmKernels()),
      product(CurrentProductKernels()),
      epilogue(CurrentEpilogueKernels()),
      bias(attention.bias != nullptr ? Rows(*attention.bias, 1) : Rows()),
      mask(attention.mask != nullptr ? Rows(*attention.mask, 1) : Rows()),
      p_step(attention.p_step),
      p_limits(attention.p_limits),
      tile_rows(std::min<int64_t>(gemm.max_rows, MostRows(shape.keys))) {
  if (p_limits.int_min < 0.0f) {
    // Exact, as in gemm_activations.cc.
    p_step.zero_point += 128.0f;
    p_limits = {p_limits.int_min + 128.0f, p_limits.int_max + 128.0f};
  }
  p_code_of_zero = static_cast<int>(numerics::Code(0.0f, p_step, p_limits));
}

int64_t ReadyHeadBytes(const AttentionShape& shape) {
  Carver carver(nullptr);
  CarveHead(shape, &carver);
  return carver.bytes();
}

int64_t QueryBuffersBytes(const AttentionShape& shape) {
  Carver carver(nullptr);
  CarveBuffers(shape, &carver);
  return carver.bytes();
}

ReadyHead ReadyHeadAt(const AttentionShape& shape, char* memory) {
  Carver carver(memory);
  return CarveHead(shape, &carver);
}

QueryBuffers QueryBuffersAt(const AttentionShape& shape, char* memory) {
  Carver carver(memory);
  return CarveBuffers(shape, &carver);
}

int64_t KeysOf(const AttentionJob& job, int64_t batch) {
  int64_t keys = job.shape.keys;
  if (job.call.lengths != nullptr) {
    const TensorView& lengths = *job.call.lengths;
    keys = std::min(keys, LoadInteger(lengths.data + batch * lengths.strides[0] * lengths.item_size(), lengths.type));
  }
  return std::max<int64_t>(keys, 0);
}

void ReadyKeys(const AttentionJob& job, int64_t batch, int64_t kv_head, const QueryBuffers& buffers,
               const ReadyHead& head) {
  const GemmActivations k = HeadOf(job.call.k, batch, kv_head);
  const int64_t dim = job.shape.dim;
  const uint32_t q_zero = static_cast<uint32_t>(ReadyZeroPoint(HeadOf(job.call.q, 0, 0)));
  const uint32_t all_zeros = static_cast<uint32_t>(PanelZeroPoint(k)) * static_cast<uint32_t>(dim);
  for (int64_t key = 0; key < head.keys; key += kPanelColumns) {
    const int64_t count = std::min(kPanelColumns, head.keys - key);
    const int columns = static_cast<int>(std::min(kPanelColumns, RoundUp(head.keys, kHalfPanel) - key));
    float* scales = head.k_scales + key;
    std::fill(scales, scales + columns, k.step.scale);
    PanelBytes bytes = BytesOf(job, k, dim, key, count, buffers.rows, scales);
    bytes.k = dim;
    bytes.count = static_cast<int>(count);
    bytes.columns = columns;
    bytes.to = head.k_panels + key * RoundUp(dim, kGroup);
    bytes.sums = head.k_offsets + key;
    job.product.panel_of_columns(bytes);
    for (int c = 0; c < columns; ++c) {
      bytes.sums[c] = static_cast<int32_t>(q_zero * (static_cast<uint32_t>(bytes.sums[c]) - all_zeros));
    }
  }
}

void ReadyValues(const AttentionJob& job, int64_t batch, int64_t kv_head, const QueryBuffers& buffers,
                 const ReadyHead& head) {
  GemmActivations v = HeadOf(job.call.v, batch, kv_head);
  const int64_t v_dim = job.shape.v_dim;
  const int64_t columns = RoundUp(v_dim, kHalfPanel);
  if (v.dynamic) {
    v.step = DynamicStep(v, v_dim, 0, head.keys);
    v.limits = DynamicLimits(v);
    v.dynamic = false;
  }
  std::fill(head.v_scales, head.v_scales + columns, v.step.scale);
  std::fill(head.v_zeros, head.v_zeros + columns, PanelZeroPoint(v));
  std::fill(head.v_sums, head.v_sums + columns, 0);
  const bool with_sums = job.p_step.zero_point != 0.0f;
  const int64_t groups_bytes = RoundUp(head.keys, kGroup);
  // Codes become panels where they lie; floats are quantized some rows at a time first.
  const int64_t at_once = IsCode(v.rows.type) ? std::max<int64_t>(head.keys, 1) : kRowsAtOnce;
  for (int64_t key = 0; key < head.keys; key += at_once) {
    const int64_t count = std::min(at_once, head.keys - key);
    const PanelBytes rows = BytesOf(job, v, v_dim, key, count, buffers.rows, nullptr);
    for (int64_t column = 0; column < v_dim; column += kPanelColumns) {
      PanelBytes bytes = rows;
      bytes.from += column;
      bytes.k = count;
      bytes.count = static_cast<int>(std::min(kPanelColumns, v_dim - column));
      bytes.columns = static_cast<int>(std::min(kPanelColumns, columns - column));
      bytes.to = head.v_panels + column * groups_bytes + key * bytes.columns;
      if (with_sums) bytes.sums = head.v_sums + column;
      job.product.panel_of_rows(bytes);
    }
  }
  if (!with_sums) return;
  const uint32_t all_zeros = static_cast<uint32_t>(PanelZeroPoint(v)) * static_cast<uint32_t>(head.keys);
  for (int64_t c = 0; c < columns; ++c) {
    head.v_sums[c] = static_cast<int32_t>(static_cast<uint32_t>(head.v_sums[c]) - all_zeros);
  }
}

void AttendQueries(const AttentionJob& job, int64_t batch, int64_t q_head, const ReadyHead& head, int64_t first,
                   int rows, const QueryBuffers& buffers) {
  Queries(job, batch, q_head, head, first, rows, buffers).Run();
}

}  // namespace cpu
}  // namespace octet
