// SPDX-License-Identifier: Apache-2.0
// Softmax on checked arguments.
#ifndef OCTET_CPU_SOFTMAX_H_
#define OCTET_CPU_SOFTMAX_H_

#include "core/softmax_call.h"

namespace octet {
namespace cpu {

void Softmax(const SoftmaxCall& call);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_SOFTMAX_H_
