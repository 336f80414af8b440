// SPDX-License-Identifier: Apache-2.0
// Products of every kind, made on the device and on the CPU.
#ifndef OCTET_TEST_CUDA_GEMM_CASE_H_
#define OCTET_TEST_CUDA_GEMM_CASE_H_

#include "cuda/gemm_on_device.h"

namespace octet {
namespace test {

constexpr DLDataType kAllTypes[] = {kF32, kF16, kBF16, kS8, kU8};

inline bool IsCodes(DLDataType type) { return type.bits == 8; }
inline int Least(DLDataType type) { return type.code == kDLUInt ? 0 : -128; }

/** A grid for a whole tensor, of the whole type if that is of codes. */
struct CodeGrid {
  CodeGrid(DLDataType type, float scale, float zero_point)
      : delta(Tensor::Scalar(scale)), zero(Tensor::Scalar(zero_point)) {
    const bool is_unsigned = type.code == kDLUInt;
    grid = {delta.dl(), zero.dl(), is_unsigned ? 0.0f : -128.0f, is_unsigned ? 255.0f : 127.0f, OCTET_SCALE_LINEAR,
            1e-8f,      -1};
  }
  Tensor delta;
  Tensor zero;
  octet_grid grid;
};

struct Shape {
  int64_t m, n, k;
};

/** Fills with codes or with values of about 1. */
void Fill(Tensor* tensor, uint32_t seed);

/** What a product is made of; each field has the value of a plain one. */
struct Case {
  Shape shape;
  DLDataType a_type = kS8;
  WeightKind kind = kWeightKinds[0];
  bool dynamic = false;
  DLDataType out_type = kF32;
  octet_activation activation = OCTET_ACTIVATION_NONE;
  bool bias = true;
  /** Bits 0: none. */
  DLDataType residual_type = {kDLFloat, 0, 1};
  octet_residual_place place = OCTET_RESIDUAL_AFTER_ACTIVATION;
  /** Elements of gaps after rows, and before the first one. */
  int64_t gap = 0;
  int64_t shift = 0;
};

/** The device makes the same bits as the CPU's scalar reference, and leaves the bytes around them as they are. */
void ExpectSame(const Case& test);

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_GEMM_CASE_H_
