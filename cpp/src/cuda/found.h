// SPDX-License-Identifier: Apache-2.0
// What is found in the elements of a slice, in any order: Take has an element, Join what others have found. Each keeps
// what its result needs and no more: one that kept all of it, place and sum beside the extremes, took 68 instructions
// for each element of a range, this one four.
#ifndef OCTET_CUDA_FOUND_H_
#define OCTET_CUDA_FOUND_H_

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/row_team.h"
#include "numerics/portable.h"

namespace octet {
namespace cuda {

/** The least and the greatest number. */
struct FoundRange {
  float least;
  float greatest;
  /** Whether there is a NaN besides. */
  bool nan;

  static __device__ FoundRange Nothing() { return {numerics::Infinity(), -numerics::Infinity(), false}; }

  /** Of a number and a NaN the hardware's minimum and maximum are the number. */
  __device__ void Take(float value, int64_t) {
    least = fminf(least, value);
    greatest = fmaxf(greatest, value);
    nan = nan || numerics::IsNan(value);
  }

  __device__ void Join(const FoundRange& other) {
    least = fminf(least, other.least);
    greatest = fmaxf(greatest, other.greatest);
    nan = nan || other.nan;
  }

  /** What the thread whose lane differs by `offset` has found. */
  __device__ FoundRange Other(int offset) const {
    return {__shfl_xor_sync(kAllThreads, least, offset), __shfl_xor_sync(kAllThreads, greatest, offset),
            __shfl_xor_sync(kAllThreads, nan ? 1 : 0, offset) != 0};
  }

  /** One bit pattern for what compares equal, so that the order of elements does not show. */
  __device__ float Canonical(float value) const { return nan ? numerics::QuietNan() : value + 0.0f; }
};

/** The sum of whole numbers below 256 in magnitude. */
struct FoundSum {
  int64_t sum;

  static __device__ FoundSum Nothing() { return {0}; }
  __device__ void Take(float value, int64_t) { sum += static_cast<int32_t>(value); }
  __device__ void Join(const FoundSum& other) { sum += other.sum; }
  __device__ FoundSum Other(int offset) const {
    return {__shfl_xor_sync(kAllThreads, static_cast<long long>(sum), offset)};
  }
};

/** Where the first NaN lies, or else the first of the greatest numbers. Elements are taken in order. */
struct FoundPlace {
  /** Of the element, in the order of floats: zeros are equal, NaN is above all numbers. */
  int32_t key;
  /** -1 of no elements. */
  int64_t place;

  static __device__ FoundPlace Nothing() { return {INT32_MIN, -1}; }

  __device__ void Take(float value, int64_t at) {
    const auto bits = static_cast<int32_t>(__float_as_uint(value + 0.0f));
    const int32_t ordered = bits ^ ((bits >> 31) & INT32_MAX);
    const int32_t taken = numerics::IsNan(value) ? INT32_MAX : ordered;
    if (taken > key) {
      key = taken;
      place = at;
    }
  }

  __device__ void Join(const FoundPlace& other) {
    if (other.key > key || (other.key == key && other.place < place)) *this = other;
  }

  __device__ FoundPlace Other(int offset) const {
    return {__shfl_xor_sync(kAllThreads, key, offset),
            __shfl_xor_sync(kAllThreads, static_cast<long long>(place), offset)};
  }
};

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_FOUND_H_
