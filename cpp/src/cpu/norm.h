// SPDX-License-Identifier: Apache-2.0
// LayerNorm and RMSNorm on checked arguments.
#ifndef OCTET_CPU_NORM_H_
#define OCTET_CPU_NORM_H_

#include "core/norm_call.h"

namespace octet {
namespace cpu {

void Norm(const NormCall& call);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_NORM_H_
