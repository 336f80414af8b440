// SPDX-License-Identifier: Apache-2.0
// Random weights of products and convolutions: a kind, and codes, scales and zero points of it.
#ifndef OCTET_TEST_CUDA_RANDOM_WEIGHTS_H_
#define OCTET_TEST_CUDA_RANDOM_WEIGHTS_H_

#include <cmath>

#include "support/gemm.h"
#include "support/random.h"

namespace octet {
namespace test {

/** Codes of either type and format, with or without zero points, on a grid for all or one for each channel. */
inline WeightKind RandomKind(Random* random) {
  const bool half_bytes = random->OneIn(3), is_signed = random->OneIn(2);
  const int least = !is_signed ? 0 : half_bytes ? -8 : -128;
  return {is_signed ? kS8 : kU8,
          half_bytes ? OCTET_WEIGHTS_4_BIT : OCTET_WEIGHTS_8_BIT,
          least,
          least + (half_bytes ? 15 : 255),
          !random->OneIn(3),
          random->OneIn(2)};
}

/** Puts codes on the ends of the kind, or anywhere; likewise zero points. Scales may be huge, or not finite. */
inline void Randomize(Random* random, const WeightKind& kind, Tensor* codes, Tensor* delta, Tensor* zero) {
  if (random->OneIn(3)) {
    for (int64_t i = 0; i < codes->count(); ++i) codes->Set(i, random->OneIn(2) ? kind.least : kind.greatest);
  }
  const bool huge = random->OneIn(8), broken = random->OneIn(8);
  for (int64_t i = 0; i < delta->count(); ++i) {
    float scale = huge ? 1e20f : std::exp(random->Real(-7.0f, 0.0f));
    if (broken && random->OneIn(5)) scale = random->OneIn(2) ? INFINITY : NAN;
    delta->Set(i, static_cast<double>(scale));
    const int64_t end = random->OneIn(2) ? kind.least : kind.greatest;
    zero->Set(i, static_cast<double>(random->OneIn(3) ? end : random->Between(kind.least, kind.greatest)));
  }
}

}  // namespace test
}  // namespace octet

#endif  // OCTET_TEST_CUDA_RANDOM_WEIGHTS_H_
