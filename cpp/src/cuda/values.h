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

/** value i = convert(element i) of elements in the bits that they are stored as. */
template <typename Bits, int kElements, typename Convert>
__device__ void ConvertEach(const Bits (&stored)[kElements], float (&values)[kElements], const Convert& convert) {
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = convert(stored[i]);
}

/** Floats widened, integers converted; not yet on a grid. Types of one size are loaded by the same code. */
template <int kElements, int kOperands>
__device__ void LoadNumbers(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                            float (&values)[kElements]) {
  const auto from = chunk.At(walk, operand);
  if (type == ElementType::kF32 || type == ElementType::kS32) {
    uint32_t stored[kElements];
    chunk.Load(from, stored);
    if (type == ElementType::kF32)
      return ConvertEach(stored, values, [](uint32_t bits) { return __uint_as_float(bits); });
    return ConvertEach(stored, values, [](uint32_t bits) { return static_cast<float>(static_cast<int32_t>(bits)); });
  }
  if (type == ElementType::kF16 || type == ElementType::kBF16) {
    uint16_t stored[kElements];
    chunk.Load(from, stored);
    if (type == ElementType::kF16) {
      return ConvertEach(stored, values, [](uint16_t bits) { return numerics::Widen(Float16{bits}); });
    }
    return ConvertEach(stored, values, [](uint16_t bits) { return numerics::Widen(BFloat16{bits}); });
  }
  Pack<uint8_t, kElements> pack;
  chunk.Load(from, &pack);
  FloatsOfBytes(pack.registers, type == ElementType::kS8, 0.0f, values);
}

/** Stores the elements, kept in Bits, that bits_of(i) makes. */
template <typename Bits, int kElements, typename BitsOf>
__device__ void StoreEach(const Chunk<kElements>& chunk, const typename Chunk<kElements>::Place& to,
                          const BitsOf& bits_of) {
  Bits stored[kElements];
#pragma unroll
  for (int i = 0; i < kElements; ++i) stored[i] = static_cast<Bits>(bits_of(i));
  chunk.Store(to, stored);
}

/** f32, f16 or bf16. */
template <int kElements, int kOperands>
__device__ void StoreFloats(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                            const float (&values)[kElements]) {
  const auto to = chunk.At(walk, operand);
  if (type == ElementType::kF32) return chunk.Store(to, values);
  StoreEach<uint16_t>(chunk, to,
                      [&](int i) { return type == ElementType::kF16 ? HalfBits(values[i]) : BrainBits(values[i]); });
}

/** Codes to s8, u8, s32 or f32; NaN becomes the zero point but in f32. */
template <int kElements, int kOperands>
__device__ void StoreCodes(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand, ElementType type,
                           const float (&codes)[kElements], const float (&zero_points)[kElements]) {
  const auto to = chunk.At(walk, operand);
  if (IsCode(type)) {
    return StoreEach<uint8_t>(chunk, to, [&](int i) { return ByteOf(codes[i], zero_points[i]); });
  }
  StoreEach<uint32_t>(chunk, to, [&](int i) {
    return type == ElementType::kS32 ? static_cast<uint32_t>(numerics::IntegerCode(codes[i], zero_points[i]))
                                     : __float_as_uint(codes[i]);
  });
}

/** Codes of 8 bits of values, on a grid that fits. */
template <int kElements>
__device__ void StoreQuickCodes(const Chunk<kElements>& chunk, const typename Chunk<kElements>::Place& to,
                                const QuickBytes& quick, const float (&values)[kElements]) {
  chunk.Store(to, QuickPack(values, quick));
}

/** Values of floats, or of codes on their grid. */
template <int kElements, int kOperands>
__device__ void LoadValues(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                           const Coding& coding, float (&values)[kElements]) {
  if (!IsCode(coding.type)) return LoadNumbers(chunk, walk, operand, coding.type, values);
  Pack<uint8_t, kElements> pack;
  chunk.Load(chunk.At(walk, operand), &pack);
  FloatsOfBytes(pack.registers, coding.type == ElementType::kS8, coding.step.zero_point, values);
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = coding.step.scale * values[i];
}

/** Floats, or the codes of values on a grid. */
template <int kElements, int kOperands>
__device__ void StoreValues(const Chunk<kElements>& chunk, const Walk<kOperands>& walk, int operand,
                            const Coding& coding, const float (&values)[kElements]) {
  if (!IsCode(coding.type)) return StoreFloats(chunk, walk, operand, coding.type, values);
  if (coding.quick.fits) {
    return StoreQuickCodes(chunk, chunk.At(walk, operand), coding.quick, values);
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
  const auto from = chunk.At(walk, operand);
  if (type == ElementType::kS64) return chunk.Load(from, values);
  if (type == ElementType::kS32) {
    int32_t stored[kElements];
    chunk.Load(from, stored);
#pragma unroll
    for (int i = 0; i < kElements; ++i) values[i] = stored[i];
    return;
  }
  uint8_t stored[kElements];
  chunk.Load(from, stored);
#pragma unroll
  for (int i = 0; i < kElements; ++i) values[i] = stored[i];
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_VALUES_H_
