// SPDX-License-Identifier: Apache-2.0
// From the terms of a warp's 16 rows to codes of their probabilities, with the operations of numerics/softmax.h.
//
// Why not the online softmax of other attention kernels: it rescales sums whenever a greater term comes, so its bits
// depend on the order of keys and on tiles. Here an exponential is that of a term less the greatest of its whole row,
// rounded once, so the greatest term has to be known before the first exponential, and the sum before the first code.
#ifndef OCTET_CUDA_ATTENTION_PROBABILITIES_H_
#define OCTET_CUDA_ATTENTION_PROBABILITIES_H_

#include <cstdint>

#include "cuda/attention/scores.h"
#include "numerics/softmax.h"
#include "numerics/summation.h"

namespace octet {
namespace cuda {

static_assert(kKeyTile == numerics::kLanes, "a tile of keys adds a term to each lane");

/**
 * The lane of exponentials of what is at most 0 or NaN. Rounding by a magic number makes another zero of numbers above
 * -1/2, which leads to the same exponential. Of numbers from -2^22 down it makes nonsense, as the bound that is not
 * kept does, but below -86.5 the result is 0 whatever has been computed.
 */
struct AtMostZero : numerics::OneLane {
  OCTET_MATH Floats Round(Floats a) { return (a + kWholeNumbers) - kWholeNumbers; }
  OCTET_MATH Floats Max(Floats, Floats b) { return b; }
};

/** The greatest of what the four lanes with the same rows have. */
__device__ inline float GreatestOfRow(float value) {
#pragma unroll
  for (int distance = 1; distance < 4; distance *= 2) {
    value = fmaxf(value, __shfl_xor_sync(0xffffffffu, value, distance));
  }
  return value;
}

/** The greatest terms of a thread's two rows; NaNs are left out. */
class Greatest {
 public:
  __device__ void Add(const Terms& terms) {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) values_[i / 2] = fmaxf(values_[i / 2], terms[part][i]);
    }
  }

  /** Of a row: the same for all lanes that have it. */
  __device__ float OfRow(int half) const { return GreatestOfRow(values_[half]); }

  /** To be called before Exponentials, or Take with the greatest term of each row. */
  __device__ void Finish() {
#pragma unroll
    for (int half = 0; half < 2; ++half) Take(half, OfRow(half));
  }

  __device__ void Take(int half, float greatest) { values_[half] = Subtracted(greatest); }

  /** What is taken off terms. All minus infinity: 0, with which their exponentials are 0, and NaN stays. */
  __device__ static float Subtracted(float greatest) { return greatest == -numerics::Infinity() ? 0.0f : greatest; }

  /** Makes exponentials of terms. */
  __device__ void Exponentials(Terms& terms) const {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        terms[part][i] = numerics::ExpOfNonPositiveLanes<AtMostZero>(terms[part][i] - values_[i / 2]);
      }
    }
  }

 private:
  float values_[2] = {-numerics::Infinity(), -numerics::Infinity()};
};

/** What makes probabilities of exponentials: 0 where no key takes part, NaN where that is what probabilities are. */
__device__ inline float FactorOf(const numerics::BlockTotal& sum) {
  const double total = numerics::TotalOf(sum);
  return total == 0.0 ? 0.0f : numerics::InverseOfSum(total);
}

/** Sums of exponentials of two rows. A thread has the lanes of the sum that are its keys in a tile. */
class RowTotals {
 public:
  /** keys: of the rows, whether they take part or not. */
  __device__ explicit RowTotals(int32_t keys) : totals_{numerics::StartTotal(keys), numerics::StartTotal(keys)} {}

  __device__ void Add(const Terms& exponentials) {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) lanes_[part][i] += exponentials[part][i];
    }
    if (++tiles_ == kTilesPerBlock) EndBlock();
  }

  __device__ void Finish() {
    if (tiles_ > 0) EndBlock();
  }

  __device__ float Factor(int half) const { return FactorOf(totals_[half]); }

 private:
  static constexpr int kTilesPerBlock = static_cast<int>(numerics::kBlock / numerics::kLanes);

  /** As numerics::SumOfLanes: halves of 32, 16 and 8 lanes are a thread's own, those of 4 and 2 its neighbours'. */
  __device__ void EndBlock() {
#pragma unroll
    for (int width = kKeyParts / 2; width > 0; width /= 2) {
#pragma unroll
      for (int part = 0; part < width; ++part) {
#pragma unroll
        for (int i = 0; i < 4; ++i) lanes_[part][i] += lanes_[part + width][i];
      }
    }
#pragma unroll
    for (int distance = 2; distance > 0; distance /= 2) {
#pragma unroll
      for (int i = 0; i < 4; ++i) lanes_[0][i] += __shfl_xor_sync(0xffffffffu, lanes_[0][i], distance);
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      numerics::AddBlock(lanes_[0][2 * half] + lanes_[0][2 * half + 1], &totals_[half]);
    }
#pragma unroll
    for (auto& part : lanes_) {
#pragma unroll
      for (float& lane : part) lane = 0.0f;
    }
    tiles_ = 0;
  }

  Terms lanes_ = {};
  int tiles_ = 0;
  numerics::BlockTotal totals_[2];
};

/** Codes of a tile's probabilities as fragments of a product with values: cuda/attention/values.h. */
using Codes64 = uint32_t[2][4];

/** The correctly rounded quotient: see cpu/vector_codes.h. A probability is at most 1, so 2^20 steps. */
__device__ inline float CorrectedQuotient(const AttentionProblem& problem, float p) {
  const float scale = problem.p_step.scale;
  const float reciprocal = problem.p_reciprocal;
  float quotient = p * reciprocal;
  quotient = numerics::Fma(numerics::Fma(-quotient, scale, p), reciprocal, quotient);
  return numerics::Fma(numerics::Fma(-quotient, scale, p), reciprocal, quotient);
}

/** For scales that it does not do with, or 2^20 where that is less. Not inlined: divisions are long, and rare here. */
__device__ __noinline__ inline float DividedQuotient(float p, float scale) {
  return fminf(__fdiv_rn(p, scale), 1048576.0f);
}

/** Whole numbers in the lowest bits of floats: the lowest bytes of four of them. */
__device__ inline uint32_t LowestBytes(float a, float b, float c, float d) {
  const uint32_t low = __byte_perm(__float_as_uint(a), __float_as_uint(b), 0x0040);
  const uint32_t high = __byte_perm(__float_as_uint(c), __float_as_uint(d), 0x0040);
  return __byte_perm(low, high, 0x5410);
}

__device__ inline void MakeCodes(const AttentionProblem& problem, const float (&factors)[2], Terms& exponentials,
                                 Codes64& codes) {
  // Probabilities are not negative, so that codes are bounded from above alone. Ties go to the even one, as they do
  // beside an even number.
  const float most = problem.p_most + kWholeNumbers;
  if (problem.p_corrected) {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float quotient = CorrectedQuotient(problem, exponentials[part][i] * factors[i / 2]);
        exponentials[part][i] = fminf(quotient + kWholeNumbers, most);
      }
    }
  } else {
#pragma unroll
    for (int part = 0; part < kKeyParts; ++part) {
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const float quotient = DividedQuotient(exponentials[part][i] * factors[i / 2], problem.p_step.scale);
        exponentials[part][i] = fminf(quotient + kWholeNumbers, most);
      }
    }
  }
  const uint32_t zero = static_cast<uint32_t>(problem.p_zero) * 0x01010101u;
#pragma unroll
  for (int step = 0; step < 2; ++step) {
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const float(&first)[4] = exponentials[4 * step + i / 2 * 2];
      const float(&second)[4] = exponentials[4 * step + i / 2 * 2 + 1];
      const int half = i % 2 * 2;
      // No byte runs over: a code is at most 255.
      codes[step][i] = LowestBytes(first[half], first[half + 1], second[half], second[half + 1]) + zero;
    }
  }
}

}  // namespace cuda
}  // namespace octet

#endif  // OCTET_CUDA_ATTENTION_PROBABILITIES_H_
