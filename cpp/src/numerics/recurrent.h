// SPDX-License-Identifier: Apache-2.0
// Steps of recurrent layers, element by element: the formulas of octet/recurrent.h. Templates over V as in
// activation.h.
#ifndef OCTET_NUMERICS_RECURRENT_H_
#define OCTET_NUMERICS_RECURRENT_H_

#include "numerics/activation.h"

namespace octet {
namespace numerics {

/** A gate's parts: of the input, and of the state before. */
template <typename V>
struct GateParts {
  typename V::Floats input;
  typename V::Floats hidden;

  OCTET_MATH typename V::Floats Sum(const GateParts& gate) { return V::Add(gate.input, gate.hidden); }
};

template <typename V>
struct LstmStates {
  typename V::Floats hidden;
  typename V::Floats cell;
};

/** i, f, g, o: the gates as PyTorch orders them. */
template <typename V>
OCTET_MATH LstmStates<V> LstmLanes(const GateParts<V>& i, const GateParts<V>& f, const GateParts<V>& g,
                                   const GateParts<V>& o, const typename V::Floats& cell) {
  using F = typename V::Floats;
  const F input = V::Mul(SigmoidLanes<V>(GateParts<V>::Sum(i)), TanhLanes<V>(GateParts<V>::Sum(g)));
  const F next = V::Fma(SigmoidLanes<V>(GateParts<V>::Sum(f)), cell, input);
  return {V::Mul(SigmoidLanes<V>(GateParts<V>::Sum(o)), TanhLanes<V>(next)), next};
}

/** The new state. r, z, n: the gates as PyTorch orders them. */
template <typename V>
OCTET_MATH typename V::Floats GruLanes(const GateParts<V>& r, const GateParts<V>& z, const GateParts<V>& n,
                                       const typename V::Floats& hidden) {
  using F = typename V::Floats;
  const F reset = SigmoidLanes<V>(GateParts<V>::Sum(r));
  const F update = SigmoidLanes<V>(GateParts<V>::Sum(z));
  const F candidate = TanhLanes<V>(V::Fma(reset, n.hidden, n.input));
  return V::Fma(update, V::Sub(hidden, candidate), candidate);
}

template <typename V>
OCTET_MATH typename V::Floats RnnTanhLanes(const GateParts<V>& gate) {
  return TanhLanes<V>(GateParts<V>::Sum(gate));
}

template <typename V>
OCTET_MATH typename V::Floats RnnReluLanes(const GateParts<V>& gate) {
  return ReluLanes<V>(GateParts<V>::Sum(gate));
}

}  // namespace numerics
}  // namespace octet

#endif  // OCTET_NUMERICS_RECURRENT_H_
