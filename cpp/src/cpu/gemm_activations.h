// SPDX-License-Identifier: Apache-2.0
// Activations of a matrix product in the form in which the kernels take them: rows of u8 codes (s8 codes and their zero
// point are raised by 128), quantized on the way where they are floats.
#ifndef OCTET_CPU_GEMM_ACTIVATIONS_H_
#define OCTET_CPU_GEMM_ACTIVATIONS_H_

#include "cpu/backend.h"
#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {

/** Memory for some rows of activations. */
struct ReadyRows {
  /** u8 or s16 (GemmKernels::wide_activations), row by row. */
  char* codes = nullptr;
  /** In bytes. */
  int64_t stride = 0;
  /** Sums of the codes of a row. */
  int32_t* sums = nullptr;
  /** Set with dynamic rows. */
  float* scales = nullptr;
};

/** The zero point of ready codes. */
int32_t ReadyZeroPoint(const GemmActivations& a);

/** Makes u8 codes of count neighbouring elements of the type of a, which is not dynamic. */
void MakeReadyCodes(const GemmKernels& kernels, const GemmActivations& a, const char* from, int64_t count,
                    uint8_t* codes);

/** The step of rows first..first+count-1 of dynamic activations together; rows have k elements. */
numerics::Step DynamicStep(const GemmActivations& a, int64_t k, int64_t first, int64_t count);

/** The limits of codes on a dynamic step. */
numerics::Limits DynamicLimits(const GemmActivations& a);

/** Makes a row of a as u8 codes without more, quantized on a.step, or on its own where a is dynamic: returns which. */
numerics::Step CodesOfRow(const GemmKernels& kernels, const GemmActivations& a, int64_t k, int64_t row, uint8_t* codes);

/** Bytes of a row of `size`-byte codes. */
int64_t ReadyStride(int64_t k, int64_t size);

/** Makes row number `from` of a ready as row number `to`, with its sum if wanted. */
void ReadyRow(const GemmKernels& kernels, const GemmActivations& a, int64_t k, int64_t from, const ReadyRows& rows,
              int64_t to, bool with_sum);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_GEMM_ACTIVATIONS_H_
