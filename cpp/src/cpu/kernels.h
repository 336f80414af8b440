// SPDX-License-Identifier: Apache-2.0
// What is compiled once per instruction set: loops over memory without gaps. Everything that walks through strided
// tensors is common code built on these.
#ifndef OCTET_CPU_KERNELS_H_
#define OCTET_CPU_KERNELS_H_

#include <cstdint>

#include "core/tensor_view.h"
#include "numerics/mse_candidate.h"
#include "octet/library.h"

namespace octet {
namespace cpu {

/** Grid parameters for a row of elements: one for all, or one for each element. */
struct RowGrid {
  const float* scale = nullptr;
  const float* zero_point = nullptr;
  /** d scale / d delta. For derivatives only. */
  const float* scale_slope = nullptr;
  /** 1 where the zero point follows its float, else 0. For derivatives only. */
  const float* zero_follows = nullptr;
  numerics::Limits limits = {0.0f, 0.0f};
  /** Whether the pointers are to as many values as the row has elements. */
  bool per_element = false;
};

constexpr int kMaxRowInputs = 2;
constexpr int kMaxRowOutputs = 4;

/** A row for an elementwise kernel. Which inputs and outputs there are is the kernel's affair. */
struct Row {
  const void* in[kMaxRowInputs] = {};
  /** Null: not wanted. */
  void* out[kMaxRowOutputs] = {};
  int64_t count = 0;
  RowGrid grid;
  /** The output is too large for the caches: stores should go around them; Kernels::end_streaming ends that. */
  bool streaming = false;
};

using RowKernel = void (*)(const Row& row);

/** Least and greatest value so far. NaN once there was one. */
struct MinMaxState {
  float min;
  float max;
};

using numerics::MseCandidate;

/** Sums for the derivatives of a grid's parameters. */
struct GradientSums {
  float scale;
  float zero;
};

/** Kernels of one instruction set. Indices: position of the type in ElementType. */
struct Kernels {
  /** in: x; out: x' . */
  RowKernel fake_quantize[3];
  /** in: x, grad_out; out: grad_x. */
  RowKernel fake_quantize_grad_x[3];
  /** in: x; out: x', d_x, d_delta, d_zero. */
  RowKernel fake_quantize_partials[3];
  /** in: x; out: codes. Second index: CodeIndex of their type. */
  RowKernel quantize[3][4];
  /** in: codes; out: x'. First index: CodeIndex. */
  RowKernel dequantize[4][3];

  /** Makes streamed stores visible to other threads. To be called by the thread that ran the rows. */
  void (*end_streaming)();

  /** Widens count elements to f32. */
  void (*widen[3])(const void* in, float* out, int64_t count);
  /** Takes count elements into the state. */
  void (*min_max[3])(const void* in, int64_t count, MinMaxState* state);
  /** Sums of a block, count <= kBlock, one grid for all. */
  GradientSums (*gradient_sums)(const float* x, const float* grad_out, int64_t count, const RowGrid& grid);
  /** Adds the squared error of a block, count <= kBlock, under each candidate to the candidate's sum. */
  void (*squared_errors)(const float* x, int64_t count, const MseCandidate* candidates, int64_t candidate_count,
                         double* sums);
};

/** Position of a float type (f32, f16, bf16) in the tables above. */
inline int FloatIndex(ElementType type) { return static_cast<int>(type); }

/** Position of a code type in the tables above: s8, u8, s32, f32. */
inline int CodeIndex(ElementType type) {
  switch (type) {
    case ElementType::kS8:
      return 0;
    case ElementType::kU8:
      return 1;
    case ElementType::kS32:
      return 2;
    default:
      return 3;
  }
}

const Kernels& ScalarKernels();
#if defined(OCTET_HAVE_X86)
const Kernels& Avx2Kernels();
const Kernels& Avx512Kernels();
#endif

/** The kernels of the instruction set in use. */
const Kernels& CurrentKernels();

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_KERNELS_H_
