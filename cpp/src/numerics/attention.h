// SPDX-License-Identifier: Apache-2.0
// Attention of one query over n keys. Every operation is one IEEE operation in the order written:
//
//     s   = exact sum of (q - zq) * (k - zk) over the dimensions of a head, in integers
//     x   = f32(s) * (q_scale * k_scale)                        as epilogue.h without a bias
//     p   = softmax over the keys of x * scale + bias           softmax.h: the order of its sum depends on n alone
//
// with codes of the probabilities:
//
//     c   = the code of p on the grid of the probabilities      grid.h, with its true division
//     y   = f32(exact sum of (c - zp) * (v - zv)) * (p_scale * v_scale)
//
// with probabilities that stay floats:
//
//     y   = sum of p * (v_scale * (v - zv)) over the keys       matmul.h: the order of its sum depends on n alone
//
// y is then rounded to its type or put on its grid. These are the steps of a graph that quantizes q, k, v and p and
// computes matrix products and the softmax in f32; only its two products round their sums on the way, where these are
// exact. A query for which no key takes part has y = 0. One with a NaN or plus infinity among its terms has y = NaN,
// whatever grid its probabilities are on.
//
// Keys that do not take part add nothing to any of the sums: they may be left out.
#ifndef OCTET_NUMERICS_ATTENTION_H_
#define OCTET_NUMERICS_ATTENTION_H_

#include "numerics/grid.h"

namespace octet {
namespace numerics {

/** The grid of probabilities unless another is given: 0..255, 255 being 1. */
constexpr Step kProbabilityStep = {1.0f / 255.0f, 0.0f};
constexpr Limits kProbabilityLimits = {0.0f, 255.0f};

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_ATTENTION_H_
