// SPDX-License-Identifier: Apache-2.0
#include "cpu/elementwise.h"

#include <algorithm>
#include <cstring>

#include "cpu/elementwise_loop.h"
#include "cpu/huge_pages.h"
#include "cpu/thread_pool.h"

namespace octet {
namespace cpu {
namespace {

// Rows at least this long are given to the kernel where they lie; shorter or strided ones are collected in a tile.
constexpr int64_t kDirectRow = 32;

// Elements of a tile: with six operands and four parameters 40 KB on the stack at most.
constexpr int64_t kTile = 1024;

// Elements of a piece of work, the least that is worth handing to another thread: 128 KB of f32 read and written takes
// about as long as waking a thread.
constexpr int64_t kPiece = 32768;

// Outputs of a call from this size on are stored around the caches.
constexpr int64_t kStreamingBytes = int64_t{8} << 20;

/** Where an element is: indices of all dimensions, offsets of all operands. */
class Cursor {
 public:
  Cursor(const ElementwiseLoop& loop, int64_t element) : loop_(loop), parameter_(loop.parameter_start) {
    for (int d = loop.ndim - 1; d >= 0; --d) {
      index_[d] = element % loop.shape[d];
      element /= loop.shape[d];
      parameter_ += index_[d] * loop.parameter_strides[d];
      for (int i = 0; i < kMaxOperands; ++i) offsets_[i] += index_[d] * loop.operands[i].strides[d];
    }
  }

  /** Elements left in the innermost dimension. */
  int64_t RowLeft() const { return loop_.shape[loop_.ndim - 1] - index_[loop_.ndim - 1]; }

  char* At(int operand) const {
    char* data = loop_.operands[operand].data;
    return data == nullptr ? nullptr : data + offsets_[operand];
  }

  int64_t parameter() const { return parameter_; }

  /** count <= RowLeft(). */
  void Advance(int64_t count) {
    int d = loop_.ndim - 1;
    Move(d, count);
    for (; d > 0 && index_[d] == loop_.shape[d]; --d) {
      Move(d, -loop_.shape[d]);
      Move(d - 1, 1);
    }
  }

 private:
  void Move(int d, int64_t steps) {
    index_[d] += steps;
    parameter_ += steps * loop_.parameter_strides[d];
    for (int i = 0; i < kMaxOperands; ++i) offsets_[i] += steps * loop_.operands[i].strides[d];
  }

  const ElementwiseLoop& loop_;
  int64_t index_[kMaxDims + 1];
  int64_t offsets_[kMaxOperands] = {};
  int64_t parameter_;
};

template <typename T>
void CopyStrided(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, from + i * from_stride, sizeof(T));
    std::memcpy(to + i * to_stride, &value, sizeof(T));
  }
}

/** Strides in bytes. */
void CopyElements(const char* from, int64_t from_stride, char* to, int64_t to_stride, int64_t item_size,
                  int64_t count) {
  if (from_stride == item_size && to_stride == item_size) {
    std::memcpy(to, from, static_cast<size_t>(count * item_size));
  } else if (item_size == 4) {
    CopyStrided<uint32_t>(from, from_stride, to, to_stride, count);
  } else if (item_size == 2) {
    CopyStrided<uint16_t>(from, from_stride, to, to_stride, count);
  } else {
    CopyStrided<uint8_t>(from, from_stride, to, to_stride, count);
  }
}

/** How the elements of a loop are brought to the kernel. */
enum class Way {
  /** Rows where they lie. */
  kRows,
  /** Rows where they lie, several at a time: all memory is one run, in which the parameters of a row come again and
     again. */
  kRepeatedRows,
  /** Collected in tiles. */
  kTiles,
};

struct Job {
  RowKernel kernel;
  void (*end_streaming)();
  const ElementwiseLoop& loop;
  const Parameters& parameters;
  numerics::Limits limits;
  bool streaming;
  /** Whether parameters vary at all. */
  bool varying;
  /** Step of the parameter number along a row. */
  int64_t row_parameter_stride;
  Way way;
};

void SetPointers(const Cursor& cursor, Row* row) {
  for (int i = 0; i < kMaxRowInputs; ++i) row->in[i] = cursor.At(i);
  for (int i = 0; i < kMaxRowOutputs; ++i) row->out[i] = cursor.At(kMaxRowInputs + i);
}

/** Memory for a tile of all operands. */
struct OperandTile {
  alignas(64) char operands[kMaxOperands][kTile * 4];
};

/** Memory for the parameters of a tile. */
struct ParameterTile {
  alignas(64) float parameters[4][kTile];

  void PointTo(RowGrid* grid) const {
    grid->scale = parameters[0];
    grid->zero_point = parameters[1];
    grid->scale_slope = parameters[2];
    grid->zero_follows = parameters[3];
  }
};

void CollectParameters(const Job& job, const Cursor& cursor, int64_t count, int64_t at, ParameterTile* tile) {
  const float* sources[4] = {job.parameters.scale, job.parameters.zero_point, job.parameters.scale_slope,
                             job.parameters.zero_follows};
  for (int p = 0; p < 4; ++p) {
    if (sources[p] == nullptr) continue;
    const float* from = sources[p] + cursor.parameter();
    for (int64_t i = 0; i < count; ++i) tile->parameters[p][at + i] = from[i * job.row_parameter_stride];
  }
}

void RunRows(const Job& job, int64_t begin, int64_t end) {
  Cursor cursor(job.loop, begin);
  Row row;
  row.streaming = job.streaming;
  while (begin < end) {
    row.count = std::min(end - begin, cursor.RowLeft());
    SetPointers(cursor, &row);
    row.grid = RowGridAt(job.parameters, job.limits, cursor.parameter(), job.row_parameter_stride == 1);
    job.kernel(row);
    cursor.Advance(row.count);
    begin += row.count;
  }
}

void RunRepeatedRows(const Job& job, int64_t begin, int64_t end) {
  const int64_t row_size = job.loop.shape[1];
  const int64_t repeats = kTile / row_size;
  const int64_t start = begin % row_size;
  ParameterTile tile;
  // The pattern begins at the place in a row where this piece begins; it is as long as whole rows fill the tile.
  for (int64_t at = 0; at < repeats * row_size;) {
    Cursor cursor(job.loop, at == 0 ? start : (start + at) % row_size);
    const int64_t count = std::min(repeats * row_size - at, cursor.RowLeft());
    CollectParameters(job, cursor, count, at, &tile);
    at += count;
  }
  Row row;
  row.streaming = job.streaming;
  row.grid = RowGridAt(job.parameters, job.limits, 0, true);
  tile.PointTo(&row.grid);
  for (; begin < end; begin += row.count) {
    row.count = std::min(end - begin, repeats * row_size);
    for (int i = 0; i < kMaxOperands; ++i) {
      const LoopOperand& operand = job.loop.operands[i];
      char* data = operand.data == nullptr ? nullptr : operand.data + begin * operand.item_size;
      if (i < kMaxRowInputs) {
        row.in[i] = data;
      } else {
        row.out[i - kMaxRowInputs] = data;
      }
    }
    job.kernel(row);
  }
}

void RunTiles(const Job& job, int64_t begin, int64_t end) {
  const ElementwiseLoop& loop = job.loop;
  const int inner = loop.ndim - 1;
  OperandTile tile;
  ParameterTile parameters;
  Row row;
  for (int i = 0; i < kMaxRowInputs; ++i) row.in[i] = loop.operands[i].data == nullptr ? nullptr : tile.operands[i];
  for (int i = 0; i < kMaxRowOutputs; ++i) {
    const int operand = kMaxRowInputs + i;
    row.out[i] = loop.operands[operand].data == nullptr ? nullptr : tile.operands[operand];
  }
  row.grid = RowGridAt(job.parameters, job.limits, loop.parameter_start, false);
  if (job.varying) {
    row.grid.per_element = true;
    parameters.PointTo(&row.grid);
  }
  Cursor reader(loop, begin);
  Cursor writer(loop, begin);
  while (begin < end) {
    row.count = std::min(end - begin, kTile);
    for (int64_t at = 0; at < row.count;) {
      const int64_t count = std::min(row.count - at, reader.RowLeft());
      for (int i = 0; i < kMaxRowInputs; ++i) {
        const LoopOperand& operand = loop.operands[i];
        if (operand.data == nullptr) continue;
        CopyElements(reader.At(i), operand.strides[inner], tile.operands[i] + at * operand.item_size, operand.item_size,
                     operand.item_size, count);
      }
      if (job.varying) CollectParameters(job, reader, count, at, &parameters);
      reader.Advance(count);
      at += count;
    }
    job.kernel(row);
    for (int64_t at = 0; at < row.count;) {
      const int64_t count = std::min(row.count - at, writer.RowLeft());
      for (int i = kMaxRowInputs; i < kMaxOperands; ++i) {
        const LoopOperand& operand = loop.operands[i];
        if (operand.data == nullptr) continue;
        CopyElements(tile.operands[i] + at * operand.item_size, operand.item_size, writer.At(i), operand.strides[inner],
                     operand.item_size, count);
      }
      writer.Advance(count);
      at += count;
    }
    begin += row.count;
  }
}

bool RowsLieTogether(const ElementwiseLoop& loop) {
  const int inner = loop.ndim - 1;
  for (const LoopOperand& operand : loop.operands) {
    if (operand.data != nullptr && operand.strides[inner] != operand.item_size) return false;
  }
  return loop.parameter_strides[inner] == 0 || loop.parameter_strides[inner] == 1;
}

bool AllMemoryIsOneRun(const ElementwiseLoop& loop) {
  int64_t size = 1;
  for (int d = loop.ndim - 1; d >= 0; --d) {
    for (const LoopOperand& operand : loop.operands) {
      if (operand.data != nullptr && operand.strides[d] != operand.item_size * size) return false;
    }
    size *= loop.shape[d];
  }
  return true;
}

Way WayOf(const ElementwiseLoop& loop) {
  const int inner = loop.ndim - 1;
  const bool together = RowsLieTogether(loop);
  const bool repeated = loop.ndim == 2 && loop.parameter_strides[0] == 0 && loop.parameter_strides[1] == 1;
  if (together && repeated && loop.shape[inner] <= kTile / 2 && AllMemoryIsOneRun(loop)) return Way::kRepeatedRows;
  return together && (loop.shape[inner] >= kDirectRow || loop.ndim == 1) ? Way::kRows : Way::kTiles;
}

/** Stores around the caches pay only where the output is not what was just read. */
bool ShouldStream(const ElementwiseLoop& loop) {
  int64_t bytes = 0;
  for (int i = kMaxRowInputs; i < kMaxOperands; ++i) {
    if (loop.operands[i].data == nullptr) continue;
    if (loop.operands[i].data == loop.operands[0].data) return false;
    bytes += loop.count * loop.operands[i].item_size;
  }
  return bytes >= kStreamingBytes;
}

}  // namespace

void RunElementwise(RowKernel kernel, const ElementwiseOperands& operands, const Parameters& parameters,
                    numerics::Limits limits, int axis) {
  if (operands.in[0]->count == 0) return;
  const ElementwiseLoop loop = MakeElementwiseLoop(operands, parameters.count, axis);
  const int inner = loop.ndim - 1;
  const Way way = WayOf(loop);
  const Job job = {kernel,
                   CurrentKernels().end_streaming,
                   loop,
                   parameters,
                   limits,
                   way != Way::kTiles && ShouldStream(loop),
                   parameters.count > 1,
                   loop.parameter_strides[inner],
                   way};
  if (job.streaming && AllMemoryIsOneRun(loop)) {
    for (int i = kMaxRowInputs; i < kMaxOperands; ++i) {
      const LoopOperand& out = loop.operands[i];
      if (out.data != nullptr) AdviseHugePages(out.data, loop.count * out.item_size);
    }
  }
  const int64_t pieces = (loop.count + kPiece - 1) / kPiece;
  ParallelFor(pieces, [&job](int64_t piece) {
    const int64_t begin = piece * kPiece;
    const int64_t end = std::min(begin + kPiece, job.loop.count);
    switch (job.way) {
      case Way::kRows:
        RunRows(job, begin, end);
        break;
      case Way::kRepeatedRows:
        RunRepeatedRows(job, begin, end);
        break;
      case Way::kTiles:
        RunTiles(job, begin, end);
        break;
    }
    if (job.streaming) job.end_streaming();
  });
}

}  // namespace cpu
}  // namespace octet
