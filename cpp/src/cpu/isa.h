// SPDX-License-Identifier: Apache-2.0
// The instruction set that kernels run in.
#ifndef OCTET_CPU_ISA_H_
#define OCTET_CPU_ISA_H_

#include "octet/library.h"

namespace octet {
namespace cpu {

/** isa: any number. */
bool IsaAvailable(int isa);
octet_isa CurrentIsa();
/** isa must be available. */
void SetIsa(octet_isa isa);
/** isa: any number. */
const char* IsaName(int isa);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_ISA_H_
