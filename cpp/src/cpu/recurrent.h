// SPDX-License-Identifier: Apache-2.0
// One direction of one recurrent layer on checked arguments.
#ifndef OCTET_CPU_RECURRENT_H_
#define OCTET_CPU_RECURRENT_H_

#include <cstddef>

#include "core/recurrent_call.h"
#include "cpu/float_product.h"

namespace octet {
namespace cpu {

size_t RecurrentWorkspaceSize(const RecurrentSizes& sizes);

void Recurrent(const RecurrentCall& call, const RecurrentWeights<FloatWeights>& weights, char* workspace);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_RECURRENT_H_
