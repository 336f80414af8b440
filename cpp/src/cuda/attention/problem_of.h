// SPDX-License-Identifier: Apache-2.0
// From the arguments of attention to what its kernels are given.
#ifndef OCTET_CUDA_ATTENTION_PROBLEM_OF_H_
#define OCTET_CUDA_ATTENTION_PROBLEM_OF_H_

#include <cstdint>

#include "core/attention_call.h"
#include "cuda/attention/problem.h"

namespace octet {
namespace cuda {

/** Whether codes are unsigned: of u8, or floats on a grid of it. */
bool IsUnsigned(const AttentionInput& input);

/** The zero point of codes as s8. */
int32_t SignedZeroPoint(const AttentionInput& input);

/** Whether the address of every row is a multiple of 16 bytes. */
bool RowsAreAligned(const TensorView& view);

/**
 * All but where codes and their scales are, the constant of scores, which depends on it, how blocks are numbered, and
 * how many terms they keep.
 */
AttentionProblem ProblemOf(const AttentionCall& attention, const AttentionShape& shape);

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_PROBLEM_OF_H_
