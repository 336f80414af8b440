// SPDX-License-Identifier: Apache-2.0
// Whether this process may use AMX.
#ifndef OCTET_CPU_AMX_H_
#define OCTET_CPU_AMX_H_

#include "cpu/gemm_kernels.h"

namespace octet {
namespace cpu {

/**
 * Whether the processor has AMX-TILE and AMX-INT8, the system saves their registers and lets this process use them (it
 * is asked on the first call), and their kernels give the sums that the scalar ones give for some tiles.
 */
bool AmxWorks();

/** Whether kernels for u8 activations give the sums that the scalar ones give, for some tiles. */
bool AgreesWithScalar(const GemmKernels& kernels);

}  // namespace cpu
}  // namespace octet

#endif  // OCTET_CPU_AMX_H_
