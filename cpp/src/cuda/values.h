// SPDX-License-Identifier: Apache-2.0
// Elements of any type as f32 values, in chunks. Types are looked at when the kernel runs: the branches are the same
// for all threads, and a kernel for every combination of types would be a library of hundreds of megabytes.
#ifndef OCTET_CUDA_VALUES_H_
#define OCTET_CUDA_VALUES_H_

#include "core/operand.h"
#include "cuda/bits.h"
#include "cuda/byte_codes.h"
#include "cuda/chunk.h"

namespace octet {
namespace cuda {

/** A tensor's type and grid, without its memory. */
struct Coding {
  ElementType type;
  numerics::Step step;
  numerics::Limits limits;
  /** Of a tensor of codes that is written. */
  QuickBytes quick = {};
};

/** Type and grid of a tensor that is read or written. */
inline Coding CodingOf(const Operand& operand) {
  Coding coding = {operand.view.type, operand.step, operand.limits};
  if (IsCode(coding.type)) coding.quick = QuickBytesOf(coding.step, coding.limits);
  return coding;
}

template <typename T, int kElements, int kOperands>
__device__ void LoadWidened(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                            float (&values)[kElements]) {
  T stored[kElements];
  chunk.Load(walk, operand, stored);
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = numerics::Widen(stored[i]);
}

template <typename T, int kElements, int kOperands>
__device__ void LoadConverted(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                              float (&values)[kElements]) {
  T stored[kElements];
  chunk.Load(walk, operand, stored);
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = static_cast<float>(stored[i]);
}

/** Floats widened, integers converted; not yet on a grid. */
template <int kElements, int kOperands>
__device__ void LoadNumbers(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                            float (&values)[kElements]) {
  switch (type) {
    case ElementType::kF32:
      return LoadWidened<float>(chunk, walk, operand, values);
    case ElementType::kF16:
      return LoadWidened<Float16>(chunk, walk, operand, values);
    case ElementType::kBF16:
      return LoadWidened<BFloat16>(chunk, walk, operand, values);
    case ElementType::kS8:
      return LoadConverted<int8_t>(chunk, walk, operand, values);
    case ElementType::kS32:
      return LoadConverted<int32_t>(chunk, walk, operand, values);
    default:
      return LoadConverted<uint8_t>(chunk, walk, operand, values);
  }
}

template <typename T, int kElements, int kOperands>
__device__ void StoreNarrowed(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                              const float (&values)[kElements]) {
  T stored[kElements];
#pragma unroll
  for (int i = 0; i < kElements; ++i) numerics::Narrow(values[i], &stored[i]);
  chunk.Store(walk, operand, stored);
}

/** f32, f16 or bf16. */
template <int kElements, int kOperands>
__device__ void StoreFloats(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                            const float (&values)[kElements]) {
  switch (type) {
    case ElementType::kF16:
      return StoreNarrowed<Float16>(chunk, walk, operand, values);
    case ElementType::kBF16:
      return StoreNarrowed<BFloat16>(chunk, walk, operand, values);
    default:
      return StoreNarrowed<float>(chunk, walk, operand, values);
  }
}

template <typename T, int kElements, int kOperands>
__device__ void StoreIntegers(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                              const float (&codes)[kElements], const float (&zero_points)[kElements]) {
  T stored[kElements];
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    if constexpr (sizeof(T) == 1) {
      stored[i] = static_cast<T>(ByteOf(codes[i], zero_points[i]));
    } else {
      stored[i] = static_cast<T>(numerics::IntegerCode(codes[i], zero_points[i]));
    }
  }
  chunk.Store(walk, operand, stored);
}

/** Codes to s8, u8, s32 or f32; NaN becomes the zero point but in f32. */
template <int kElements, int kOperands>
__device__ void StoreCodes(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                           const float (&codes)[kElements], const float (&zero_points)[kElements]) {
  switch (type) {
    case ElementType::kS8:
      return StoreIntegers<int8_t>(chunk, walk, operand, codes, zero_points);
    case ElementType::kU8:
      return StoreIntegers<uint8_t>(chunk, walk, operand, codes, zero_points);
    case ElementType::kS32:
      return StoreIntegers<int32_t>(chunk, walk, operand, codes, zero_points);
    default:
      return StoreNarrowed<float>(chunk, walk, operand, codes);
  }
}

/** Values of floats, or of codes on their grid. */
template <int kElements, int kOperands>
__device__ void LoadValues(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                           const Coding& coding, float (&values)[kElements]) {
  LoadNumbers(chunk, walk, operand, coding.type, values);
  if (!IsCode(coding.type)) return;
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = numerics::ValueOfCode(values[i], coding.step);
}

/** Floats, or the codes of values on a grid. */
template <int kElements, int kOperands>
__device__ void StoreValues(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                            const Coding& coding, const float (&values)[kElements]) {
  if (!IsCode(coding.type)) return StoreFloats(chunk, walk, operand, coding.type, values);
  if (coding.quick.fits) {
    uint8_t bytes[kElements];
#pragma unroll
    for (int i = 0; i < kElements; ++i) bytes[i] = QuickByte(values[i], coding.quick);
    return chunk.Store(walk, operand, bytes);
  }
  float codes[kElements];
  float zero_points[kElements];
#pragma unroll
  for (int i = 0; i < kElements; ++i) {
    codes[i] = numerics::Code(values[i], coding.step, coding.limits);
    zero_points[i] = coding.step.zero_point;
  }
  StoreCodes(chunk, walk, operand, coding.type, codes, zero_points);
}

/** s64, s32, or else bytes. */
template <int kElements, int kOperands>
__device__ void LoadIntegers(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                             int64_t (&values)[kElements]) {
  if (type == ElementType::kS64) return chunk.Load(walk, operand, values);
  if (type == ElementType::kS32) {
    int32_t stored[kElements];
    chunk.Load(walk, operand, stored);
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = stored[i];
    return;
  }
  uint8_t stored[kElements];
  chunk.Load(walk, operand, stored);
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = stored[i];
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_VALUES_H_
